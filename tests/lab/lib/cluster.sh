# shellcheck shell=bash
# Three Kafka brokers as one cluster. Each is an instance of its own, so that one can be killed and started alone; each
# is a controller too, so one may be away.

# up_cluster BROKERS SETTING...: starts the instances NAME-1 to NAME-BROKERS and prints one JSON line for all.
up_cluster() {
  local count=$1 base=$name suffix=1 i pid pids=() voters='' addresses='' failed=false cluster_id
  shift
  if [ -z "$base" ]; then
    base=$product-$version-cluster
    until mkdir "$run/$base-1" 2>/dev/null; do # making the directory is the claim
      suffix=$((suffix + 1))
      base=$product-$version-cluster$suffix
    done
  fi
  for ((i = 1; i <= count; i++)); do
    name=$base-$i
    check_name "$name"
    claim false
    assign_ports ''
    write_jvm_options
    voters+=,$i@127.0.0.1:$inner_port
    addresses+=,127.0.0.1:$port
  done
  cluster_id=A$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
  trap 'kill "${pids[@]}" 2>/dev/null; exit 1' INT TERM HUP
  for ((i = 1; i <= count; i++)); do
    (
      load "$base-$i"
      configure_kafka "node.id=$i" "controller.quorum.voters=${voters#,}" "default.replication.factor=$count" min.insync.replicas=2 \
        "offsets.topic.replication.factor=$count" "transaction.state.log.replication.factor=$count" transaction.state.log.min.isr=2 \
        "share.coordinator.state.topic.replication.factor=$count" share.coordinator.state.topic.min.isr=2 \
        broker.session.timeout.ms=6000 replica.lag.time.max.ms=8000 "$@"
      run_until_ready
    ) &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=true; done
  if $failed; then
    for ((i = 1; i <= count; i++)); do stop_process "$run/$base-$i" KILL; done
    die "the cluster $base did not come up (see above)" "read the logs: $run/$base-*/log"
  fi
  for ((i = 1; i <= count; i++)); do
    load "$base-$i"
    describe
  done | jq -cs --arg name "$base" --arg product "$product" --arg version "$version" --arg bootstrap "${addresses#,}" \
    '{$name, $product, $version, $bootstrap, brokers: .}'
}
