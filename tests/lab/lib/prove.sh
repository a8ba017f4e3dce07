# shellcheck shell=bash
# Proof that a server does what the tests rely on, beyond answering: each of the eight modules of a search server, and
# a produced message that comes back from Kafka. One line a check on stdout; exit 1 if any failed.

proof_failed=0

# expect LABEL EXPECTED ACTUAL
expect() {
  if [ "$2" = "$3" ]; then
    printf 'ok   %s\n' "$1"
  else
    printf 'FAIL %s: expected %s, got %s\n' "$1" "$2" "$3"
    proof_failed=1
  fi
}

# ask LABEL EXPECTED JQ_FILTER METHOD PATH [BODY]: compares what the filter finds in the answer.
ask() {
  local answer found
  answer=$(http "$4" "$5" "${6:-}" 2>&1) || true
  found=$(jq -c "$3" <<<"$answer" 2>/dev/null) && [ "$found" != null ] || found=$(cut -c 1-300 <<<"$answer")
  expect "$1" "$2" "$found"
}

prove_search() {
  local available
  ask 'version' "\"$version\"" .version.number GET /
  if [ "$(modules_of "$product" "$version")" = "${MODULES[*]}" ]; then
    prove_modules
  else
    available=$(modules_of "$product" "$version")
    say "$product $version: of the modules checked elsewhere it has here: ${available:-none}"
    prove_core
  fi
  prove_snapshot
  ! secured || prove_security
}

# prove_core: a server without modules, or with some
prove_core() {
  local a=lab-proof-a access type mapping text=text update
  type=$(document_type)
  update=/$a/_update/1
  set_access
  http DELETE "/$a?ignore_unavailable=true" >/dev/null
  expect 'HEAD /' 200 "$(status_of "${access[@]}" --head /)"
  case "$product $version" in "elasticsearch "[12].*) text=string ;; esac
  mapping="{\"properties\":{\"t\":{\"type\":\"$text\",\"analyzer\":\"$(an_analyzer)\"}}}"
  if is_old; then mapping="{\"$type\":$mapping}" update=/$a/$type/1/_update; fi
  ask 'index' true .acknowledged PUT "/$a" "{\"settings\":{\"number_of_replicas\":0},\"mappings\":$mapping}"
  ask 'bulk' '[false,201]' '[.errors, .items[0].index.status]' POST "/_bulk?refresh=true" "{\"index\":{\"_index\":\"$a\",\"_id\":\"1\"$(! is_old || printf ',"_type":"%s"' "$type")}}"$'\n{"t":"running foxes","n":1}\n'
  ask 'update' 2 ._version POST "$update?refresh=true" '{"doc":{"n":2}}'
  ask 'search of what is analyzed' '[1,2]' "[($TOTAL_HITS), .hits.hits[0]._source.n]" GET "/$a/_search?q=t:$([ "$(an_analyzer)" = english ] && echo run || echo running)"
  ! has_module "$product" "$version" lang-painless || ask 'lang-painless: scripted update' 3 ._version POST "$update?refresh=true" '{"script":{"source":"ctx._source.n += 1"}}'
  ! has_module "$product" "$version" reindex || ask 'reindex: delete by query' 1 .deleted POST "/$a/_delete_by_query?refresh=true" '{"query":{"match_all":{}}}'
  http DELETE "/$a" >/dev/null
}

# an_analyzer: english, or standard where the module of the languages' analyzers is neither published nor replaced.
an_analyzer() { case "$product $version" in "elasticsearch 6."* | "opensearch 1."*) echo standard ;; *) echo english ;; esac; }

# prove_snapshot: into the folder of `lab repo`, and back
prove_snapshot() {
  local a=lab-proof-a proof=/_snapshot/lab-proof
  http PUT "/$a/$(document_type)/1?refresh=true" '{"kept":"in the snapshot"}' >/dev/null
  ask 'snapshot: repository' true .acknowledged PUT $proof "{\"type\":\"fs\",\"settings\":{\"location\":\"$(repository)/lab-proof\"}}"
  ask 'snapshot: made' '"SUCCESS"' .snapshot.state PUT "$proof/one?wait_for_completion=true" "{\"indices\":\"$a\",\"include_global_state\":false}"
  expect 'snapshot: files' yes "$(compgen -G "$(repository)/lab-proof/index*" >/dev/null && echo yes || echo no)"
  http DELETE "/$a" >/dev/null
  ask 'snapshot: restored' 0 .snapshot.shards.failed POST "$proof/one/_restore?wait_for_completion=true"
  ask 'snapshot: what it kept' '{"kept":"in the snapshot"}' ._source GET "/$a/$(document_type)/1"
  http DELETE "/$a" >/dev/null
  http DELETE "$proof/one" >/dev/null
  http DELETE $proof >/dev/null
}

prove_modules() {
  local a=lab-proof-a b=lab-proof-b q=lab-proof-q j=lab-proof-j total=.hits.total.value
  local drop="/$a,$b,$q,$j?ignore_unavailable=true"
  http DELETE "$drop" >/dev/null
  ask 'modules' "$(printf '%s\n' "${MODULES[@]}" | jq -R . | jq -cs 'sort')" "[.nodes[].modules[].name] | map(select(IN($(printf '"%s",' "${MODULES[@]}" | sed 's/,$//')))) | sort" GET /_nodes/_local/plugins
  ask 'analysis-common: english tokens' '["run","fox"]' '[.tokens[].token]' POST /_analyze '{"analyzer":"english","text":"the running foxes"}'
  ask 'index with module types' true .acknowledged PUT "/$a" '{"settings":{"number_of_replicas":0},"mappings":{"properties":{"t":{"type":"text","analyzer":"english"},"n":{"type":"long"},"sc":{"type":"scaled_float","scaling_factor":10},"rf":{"type":"rank_feature"}}}}'
  ask 'ingest-common: pipeline' true .acknowledged PUT /_ingest/pipeline/lab-proof '{"processors":[{"set":{"field":"ing","value":"yes"}},{"grok":{"field":"t","patterns":["%{WORD:w}"]}},{"script":{"source":"ctx.n2 = ctx.n * 2"}},{"uppercase":{"field":"w"}}]}'
  ask 'ingest-common: document through it' '"created"' .result POST "/$a/_doc/1?refresh=true&pipeline=lab-proof" '{"t":"running foxes","n":1,"sc":1.23,"rf":2}'
  ask 'ingest-common: grok, script, set' '["RUNNING",2,"yes"]' '[.w, .n2, .ing]' GET "/$a/_source/1"
  ask 'analysis-common: stemmed search' 1 $total GET "/$a/_search?q=t:run"
  ask 'mapper-extras: scaled_float rounds' 1 $total POST "/$a/_search" '{"query":{"term":{"sc":1.2}}}'
  ask 'mapper-extras: rank_feature' 1 $total POST "/$a/_search" '{"query":{"rank_feature":{"field":"rf"}}}'
  ask 'lang-painless: scripted update' '"updated"' .result POST "/$a/_update/1?refresh=true" '{"script":{"source":"ctx._source.n += params.k","params":{"k":5}}}'
  ask 'lang-painless: script_score' 12 '.hits.hits[0]._score | floor' POST "/$a/_search" '{"query":{"script_score":{"query":{"match_all":{}},"script":{"source":"doc[\"n\"].value * 2"}}}}'
  ask 'reindex: with a script' '[1,[]]' '[.created, .failures]' POST '/_reindex?refresh=true' "{\"source\":{\"index\":\"$a\"},\"dest\":{\"index\":\"$b\"},\"script\":{\"source\":\"ctx._source.re = 1\"}}"
  ask 'reindex: update by query' 1 .updated POST "/$b/_update_by_query?refresh=true" '{"script":{"source":"ctx._source.n++"}}'
  ask 'reindex: what both did' '[7,1]' '[.n, .re]' GET "/$b/_source/1"
  ask 'reindex: delete by query' 1 .deleted POST "/$b/_delete_by_query?refresh=true" '{"query":{"term":{"n":7}}}'
  ask 'reindex: it is gone' 0 .count GET "/$b/_count"
  ask 'percolator: mapping' true .acknowledged PUT "/$q" '{"mappings":{"properties":{"q":{"type":"percolator"},"t":{"type":"text"}}}}'
  ask 'percolator: stored query' '"created"' .result PUT "/$q/_doc/1?refresh=true" '{"q":{"match":{"t":"fox"}}}'
  ask 'percolator: match' 1 $total POST "/$q/_search" '{"query":{"percolate":{"field":"q","document":{"t":"a fox"}}}}'
  ask 'parent-join: mapping' true .acknowledged PUT "/$j" '{"mappings":{"properties":{"jf":{"type":"join","relations":{"p":"c"}}}}}'
  ask 'parent-join: parent' '"created"' .result PUT "/$j/_doc/1?refresh=true" '{"jf":"p"}'
  ask 'parent-join: child' '"created"' .result PUT "/$j/_doc/2?refresh=true&routing=1" '{"jf":{"name":"c","parent":"1"}}'
  ask 'parent-join: has_child' '["1"]' '[.hits.hits[]._id]' POST "/$j/_search" '{"query":{"has_child":{"type":"c","query":{"match_all":{}}}}}'
  ask 'lang-mustache: render' '"y"' .template_output.query.match.t POST /_render/template '{"source":{"query":{"match":{"t":"{{x}}"}}},"params":{"x":"y"}}'
  ask 'lang-mustache: search template' 1 $total POST "/$a/_search/template" '{"source":{"query":{"match":{"t":"{{x}}"}}},"params":{"x":"fox"}}'
  http DELETE "$drop" >/dev/null
  http DELETE /_ingest/pipeline/lab-proof >/dev/null
}

# status_of CURL_OPTION... PATH: the status the loaded instance answers with; 000 if TLS fails.
status_of() { curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -m 10 "${@:1:$#-1}" "$(base_url)${!#}" || true; }

prove_security() {
  local a=lab-proof-a trust=() certs key
  [ "$security" != tls ] || trust=(--cacert "$(ca_file)")
  expect 'no credentials' 401 "$(status_of "${trust[@]}" /)"
  expect 'wrong password' 401 "$(status_of "${trust[@]}" --user "$(admin_user):wrong" /)"
  expect "$(admin_user)" 200 "$(status_of "${trust[@]}" --user "$(admin_user):$ADMIN_PASSWORD" /)"
  ask 'index' true .acknowledged PUT "/$a"
  expect 'reader reads' 200 "$(status_of "${trust[@]}" --user "reader:$READER_PASSWORD" "/$a/_search")"
  expect 'reader does not write' 403 "$(status_of "${trust[@]}" --user "reader:$READER_PASSWORD" --header 'content-type: application/json' --data '{}' "/$a/_doc")"
  http DELETE "/$a" >/dev/null
  if [ "$product" = elasticsearch ]; then
    key=$(http POST /_security/api_key '{"name":"lab-proof"}' | jq -r '"\(.id):\(.api_key)" | @base64')
    expect 'API key' 200 "$(status_of "${trust[@]}" --header "authorization: ApiKey $key" /)"
    http DELETE /_security/api_key '{"name":"lab-proof"}' >/dev/null
  fi
  [ "$security" = tls ] || return 0
  expect 'no trust without the CA' 000 "$(status_of --user "$(admin_user):$ADMIN_PASSWORD" /)"
  expect 'plain HTTP is no use' 000 "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -m 10 "http://127.0.0.1:$port/" || true)"
  if [ "$product" = opensearch ]; then
    ensure_certs
    certs=$(certs_dir)
    expect 'client certificate' 200 "$(status_of "${trust[@]}" --cert "$certs/client.pem" --key "$certs/client.key" /)"
    expect 'administrator certificate' 200 "$(status_of "${trust[@]}" --cert "$certs/admin.pem" --key "$certs/admin.key" /_plugins/_security/api/internalusers)"
  fi
}

prove_kafka() {
  local topic=lab-proof got
  ensure_java "$product" "$version"
  kafka_tool org.apache.kafka.tools.TopicCommand --create --topic "$topic" --partitions 4 --replication-factor 1 >/dev/null
  got=$(kafka_tool org.apache.kafka.tools.TopicCommand --describe --topic "$topic" | sed -n 's/.*PartitionCount: \([0-9]*\).*/\1/p')
  expect 'topic with four partitions' 4 "$got"
  printf '%s\n' k1:v1 k2:v2 k3:v3 | kafka_tool org.apache.kafka.tools.ConsoleProducer --topic "$topic" --property parse.key=true --property key.separator=:
  got=$(cmd_kafka_consume "$name" --topic "$topic" --max 3 | cut -f 3,4 | sort | tr '\t\n' '= ')
  expect 'three messages out of three in' 'k1=v1 k2=v2 k3=v3 ' "$got"
  kafka_tool org.apache.kafka.tools.TopicCommand --delete --topic "$topic"
}

cmd_prove() {
  [ $# = 1 ] || usage_error "prove needs one instance's name"
  load "$1"
  live_pid "$dir" >/dev/null || die "$name is not running" "lab start $name"
  "prove_$(kind)"
  [ $proof_failed = 0 ] || die "$name ($product $version) failed its proof" "see the FAIL lines above and $log"
}
