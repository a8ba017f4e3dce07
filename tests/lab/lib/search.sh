# shellcheck shell=bash
# Elasticsearch and OpenSearch: configuration, start, and what "ready" means for them.

TOTAL_HITS='.hits.total | if type == "object" then .value else . end' # a number before Elasticsearch 7

# repository: the folder in which the loaded instance may make file-system snapshots.
repository() { printf '%s/repo' "$dir"; }

cmd_repo() {
  [ $# = 1 ] || usage_error "repo needs one instance's name"
  load "$1"
  [ "$product" != kafka ] || usage_error "'$name' is kafka, which makes no snapshots"
  printf '%s\n' "$(repository)"
}

# document_type: the type under which the loaded instance takes documents; names with '_' are refused before 6.
document_type() { case "$product $version" in "elasticsearch "[125].*) echo doc ;; *) echo _doc ;; esac; }

# set_access: sets `access`, the curl options for the loaded instance's administrator.
set_access() {
  access=()
  ! secured || access=(--user "$(admin_user):$ADMIN_PASSWORD" --cacert "$(ca_file)")
}

# http METHOD PATH [BODY]: prints the answer of the loaded instance; fails if it is no success or takes too long.
http() {
  set_access
  curl -sS --fail-with-body --noproxy '*' -m 10 "${access[@]}" -X "$1" -H 'content-type: application/json' "$(base_url)$2" ${3:+--data-binary "$3"}
}

# configure_search SETTING...: writes config/ of the loaded instance; a given setting replaces the lab's own.
configure_search() {
  local conf=$dir/config of_security of_version
  cp -r "$(dist_dir "$product" "$version" "$security")/config" "$conf"
  ! secured || add_security
  mapfile -t of_security < <(security_settings)
  mapfile -t of_version < <(version_settings)
  write_settings ': ' "cluster.name=$name" "node.name=$name" network.host=127.0.0.1 "http.port=$port" \
    "path.data=$dir/data" "path.logs=$dir/logs" "path.repo=[\"$(repository)\"]" \
    cluster.routing.allocation.disk.threshold_enabled=false "${of_version[@]}" "${of_security[@]}" "$@" >"$conf/$product.yml"
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
  ! is_old || configure_old_log "$conf"
  mkdir "$(repository)"
}

# jvm_options_search: rewrites the distribution's jvm.options for this instance and this Java. The file's own
# collector would clash with ours, its gc.log and crash files lie in the distribution, which the server cannot write.
jvm_options_search() {
  local options=$dir/config/jvm.options theirs
  theirs=$(dist_dir "$product" "$version")/config/jvm.options
  [ -e "$theirs" ] || theirs=/dev/null # Elasticsearch 1 and 2
  sed -E '/gc\.log|Xlog:gc|ErrorFile=|HeapDump|Use[A-Za-z0-9]*GC$|G1|CMS|InitiatingHeap|^-Xm[sx]/d' "$theirs" >"$options"
  # the vector module only speeds Lucene up; a runtime without it refuses to start when told to add it
  "$java_home/bin/java" --list-modules | grep -q '^jdk.incubator.vector' || sed -i '/jdk.incubator.vector/d' "$options"
  { printf '%s\n' "-Xms${heap}m" "-Xmx${heap}m" -XX:+UseSerialGC -XX:-AlwaysPreTouch "-XX:ErrorFile=$dir/logs/hs_err_pid%p.log" && cat "$dir/jvm"; } >>"$options"
}

start_search() {
  local dist es=es upper=ES class=org.elasticsearch options flavor=oss plugins=()
  dist=$(dist_dir "$product" "$version" "$security")
  [ "$product" = elasticsearch ] || { es=opensearch upper=OPENSEARCH class=org.opensearch; }
  jvm_options_search
  own_by_server
  cd "$dist" # jvm.options names its agent relative to the distribution
  if is_old; then
    start_old "$dist"
    return
  fi
  if [ "$product" = elasticsearch ] && [[ "$version" != 7.* ]]; then
    start_through_cli "$dist"
    return
  fi
  [ "$product $version" != "elasticsearch 7.17.29" ] || flavor=default plugins=("$dist/plugins")
  # What bin/$product does, less four Java runs that only check what is known here.
  options=$("${as_server[@]}" env -i "${upper}_TMPDIR=$dir/tmp" "$java_home/bin/java" -XX:TieredStopAtLevel=1 -cp 'lib/*' $class.tools.launchers.JvmOptionsParser "$dir/config" "${plugins[@]}" 2>&1) ||
    die "$product rejects the JVM options of $name: $options" "look at $dir/config/jvm.options"
  [ "$product" = elasticsearch ] && class+=.bootstrap.Elasticsearch || class+=.bootstrap.OpenSearch
  # shellcheck disable=SC2086 # the parser's answer is a list of options divided by blanks
  launch env "LIBFFI_TMPDIR=$dir/tmp" "$java_home/bin/java" $options "${java_locale_options[@]}" -D$es.path.home="$dist" -D$es.path.conf="$dir/config" -D$es.distribution.flavor=$flavor -D$es.distribution.type=zip -D$es.bundled_jdk=false -cp "$dist/lib/*$java_locale_jars" "$class"
}

# start_through_cli DIST: Elasticsearch 8 and later take its settings over a pipe from a launcher that stays as long as it runs (and
# at whose end it ends). The instance's process is the server, which `lab kill` must hit, not the launcher.
start_through_cli() {
  local launcher child command_line
  launch env "ES_TMPDIR=$dir/tmp" "$java_home/bin/java" -Xms4m -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dcli.name=server "-Dcli.script=$1/bin/elasticsearch" -Dcli.libs=lib/tools/server-cli \
    -Des.path.home="$1" -Des.path.conf="$dir/config" -Des.distribution.type=zip -cp "$1/lib/*:$1/lib/cli-launcher/*" org.elasticsearch.launcher.CliToolLauncher
  launcher=$started_pid
  while live_pid "$dir" >/dev/null; do
    for child in $(cat "/proc/$launcher/task/"*/children 2>/dev/null); do
      command_line=$(tr '\0' ' ' 2>/dev/null <"/proc/$child/cmdline") || continue
      if [[ "$command_line" == *org.elasticsearch.bootstrap.Elasticsearch* ]]; then
        printf '%s %s\n' "$child" "$(start_time "$child")" >"$dir/pid"
        return
      fi
    done
    sleep 0.05
  done
}

# answers_search: the node that answers is ours. Changes nothing, for a cluster that others are using. A secured one
# that has not read its users yet answers 503, which is no JSON.
answers_search() { [ "$(http GET / 2>/dev/null | jq -r .name 2>/dev/null)" = "$name" ]; }

# ready_search: besides, its primaries are allocated, and writing and searching work.
ready_search() {
  local probe=/lab-ready-probe type
  type=$(document_type)
  answers_search || return 1
  [ "$(http GET '/_cluster/health?wait_for_status=yellow&timeout=2s' 2>/dev/null | jq -r .timed_out)" = false ] || return 1
  [ "$(http PUT "$probe/$type/1?refresh=true" '{"a":1}' 2>/dev/null | jq -r ._id)" = 1 ] || return 1
  [ "$(http GET "$probe/_search?q=a:1" 2>/dev/null | jq -r "$TOTAL_HITS")" = 1 ] || return 1
  http DELETE "$probe" >/dev/null 2>&1
}
