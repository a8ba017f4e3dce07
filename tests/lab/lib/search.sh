# shellcheck shell=bash
# Elasticsearch and OpenSearch: configuration, start, and what "ready" means for them.

# http METHOD PATH [BODY]: prints the answer of the loaded instance; fails if it is no success or takes too long.
http() {
  curl -sS --fail-with-body --noproxy '*' -m 10 -X "$1" -H 'content-type: application/json' "http://127.0.0.1:$port$2" ${3:+--data-binary "$3"}
}

# configure_search SETTING...: writes config/ of the loaded instance; a given setting replaces the lab's own.
configure_search() {
  local conf=$dir/config
  cp -r "$(dist_dir "$product" "$version")/config" "$conf"
  write_settings ': ' "cluster.name=$name" "node.name=$name" network.host=127.0.0.1 "http.port=$port" "transport.port=$inner_port" \
    discovery.type=single-node "path.data=$dir/data" "path.logs=$dir/logs" "path.repo=[\"$dir/repo\"]" \
    cluster.routing.allocation.disk.threshold_enabled=false "$@" >"$conf/$product.yml"
  # one log: what the server prints
  cat >"$conf/log4j2.properties" <<'LOG'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
LOG
  mkdir "$dir/repo"
}

# jvm_options_search: rewrites the distribution's jvm.options for this instance and this Java. The file's own
# collector would clash with ours, its gc.log and crash files lie in the distribution, which the server cannot write.
jvm_options_search() {
  local options=$dir/config/jvm.options
  sed -E '/gc\.log|Xlog:gc|ErrorFile=|HeapDump|Use[A-Za-z0-9]*GC$|G1|CMS|InitiatingHeap|^-Xm[sx]/d' "$(dist_dir "$product" "$version")/config/jvm.options" >"$options"
  # the vector module only speeds Lucene up; a runtime without it refuses to start when told to add it
  "$java_home/bin/java" --list-modules | grep -q '^jdk.incubator.vector' || sed -i '/jdk.incubator.vector/d' "$options"
  { printf '%s\n' "-Xms${heap}m" "-Xmx${heap}m" -XX:+UseSerialGC -XX:-AlwaysPreTouch "-XX:ErrorFile=$dir/logs/hs_err_pid%p.log" && cat "$dir/jvm"; } >>"$options"
}

start_search() {
  local dist es=es upper=ES class=org.elasticsearch options
  dist=$(dist_dir "$product" "$version")
  [ "$product" = elasticsearch ] || { es=opensearch upper=OPENSEARCH class=org.opensearch; }
  jvm_options_search
  own_by_server
  # What bin/$product does, less four Java runs that only check what is known here.
  options=$(cd "$dist" && "${as_server[@]}" env -i "${upper}_TMPDIR=$dir/tmp" "$java_home/bin/java" -XX:TieredStopAtLevel=1 -cp 'lib/*' $class.tools.launchers.JvmOptionsParser "$dir/config" 2>&1) ||
    die "$product rejects the JVM options of $name: $options" "look at $dir/config/jvm.options"
  [ "$product" = elasticsearch ] && class+=.bootstrap.Elasticsearch || class+=.bootstrap.OpenSearch
  cd "$dist" # jvm.options names its agent relative to the distribution
  # shellcheck disable=SC2086 # the parser's answer is a list of options divided by blanks
  launch "$java_home/bin/java" $options "${java_locale_options[@]}" -D$es.path.home="$dist" -D$es.path.conf="$dir/config" -D$es.distribution.flavor=oss -D$es.distribution.type=zip -D$es.bundled_jdk=false -cp "$dist/lib/*$java_locale_jars" "$class"
}

# answers_search: the node that answers is ours. Changes nothing, for a cluster that others are using.
answers_search() { [ "$(http GET / 2>/dev/null | jq -r .name)" = "$name" ]; }

# ready_search: besides, its primaries are allocated, and writing and searching work.
ready_search() {
  local probe=/lab-ready-probe
  answers_search || return 1
  [ "$(http GET '/_cluster/health?wait_for_status=yellow&timeout=2s' 2>/dev/null | jq -r .timed_out)" = false ] || return 1
  [ "$(http PUT "$probe/_doc/1?refresh=true" '{"a":1}' 2>/dev/null | jq -r ._id)" = 1 ] || return 1
  [ "$(http GET "$probe/_search?q=a:1" 2>/dev/null | jq -r .hits.total.value)" = 1 ] || return 1
  http DELETE "$probe" >/dev/null 2>&1
}
