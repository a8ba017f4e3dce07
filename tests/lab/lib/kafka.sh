# shellcheck shell=bash
# Kafka: one KRaft node that is broker and controller, and thin wrappers over Kafka's own tools.

TOOL_HEAP_MB=128
CONSUME_TIMEOUT_MS=30000 # a first consumer makes the offsets topic, which takes more than 10 s on a busy machine

# configure_kafka SETTING...: writes config/ of the loaded instance and formats its storage.
configure_kafka() {
  local conf=$dir/config/server.properties id users=() more=()
  mkdir "$dir/config"
  if secured; then
    add_kafka_security
    mapfile -t more < <(kafka_security_settings)
    users=(--add-scram "SCRAM-SHA-512=[name=$KAFKA_USER,password=$KAFKA_PASSWORD]" --add-scram "SCRAM-SHA-256=[name=$KAFKA_USER,password=$KAFKA_PASSWORD]")
  fi
  # One replica of everything, few partitions of the internal topics (each is a directory and two index files), and
  # an 8 MiB cleaner buffer: the default one takes half of the heap.
  write_settings = process.roles=broker,controller node.id=1 "controller.quorum.voters=1@127.0.0.1:$inner_port" \
    "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$inner_port" "advertised.listeners=PLAINTEXT://127.0.0.1:$port" \
    listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT controller.listener.names=CONTROLLER \
    "log.dirs=$dir/data" auto.create.topics.enable=true num.partitions=4 default.replication.factor=1 min.insync.replicas=1 \
    offsets.topic.replication.factor=1 offsets.topic.num.partitions=4 \
    transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 transaction.state.log.num.partitions=4 \
    share.coordinator.state.topic.replication.factor=1 share.coordinator.state.topic.min.isr=1 share.coordinator.state.topic.num.partitions=4 \
    group.initial.rebalance.delay.ms=0 log.cleaner.dedupe.buffer.size=8388608 ${more[@]+"${more[@]}"} "$@" >"$conf"
  kafka_log_config info >"$dir/config/log4j2.yaml"
  own_by_server
  id=${cluster_id:-A$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)} # an id that begins with '-' would be taken for an option
  "${as_server[@]}" "$java_home/bin/java" -Xmx${TOOL_HEAP_MB}m -XX:TieredStopAtLevel=1 -cp "$(kafka_classpath)" kafka.tools.StorageTool format --cluster-id "$id" --config "$conf" ${users[@]+"${users[@]}"} >>"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    die "Kafka's storage tool refused the configuration of $name (its last lines are above)" "correct the settings given with --set; the whole file: $conf"
  }
}

# An unsecured broker has no use for the validator, which needs a compiler to be made.
kafka_classpath() {
  printf '%s/lib/*' "$(dist_dir kafka "$version")"
  ! secured || printf ':%s' "$(validator_dir)"
}

# kafka_log_config LEVEL_OF_THE_SERVER: everything else warns, on stderr.
kafka_log_config() {
  cat <<LOG
Configuration:
  Appenders: {Console: {name: err, target: SYSTEM_ERR, PatternLayout: {pattern: "[%d] %p %m (%c)%n"}}}
  Loggers: {Root: {level: warn, AppenderRef: [{ref: err}]}, Logger: [{name: kafka.server, level: $1}]}
LOG
}

start_kafka() {
  local options
  own_by_server
  mapfile -t options <"$dir/jvm"
  launch "$java_home/bin/java" "-Xms${heap}m" "-Xmx${heap}m" -XX:+UseSerialGC "-XX:ErrorFile=$dir/logs/hs_err_pid%p.log" "${options[@]}" \
    "-Dlog4j2.configurationFile=$dir/config/log4j2.yaml" -cp "$(kafka_classpath)" kafka.Kafka "$dir/config/server.properties"
}

answers_kafka() { listening "$port"; }

# ready_kafka: the log has grown the line since this start, and the port accepts. An older line must not count.
ready_kafka() { tail -c "+$((log_offset + 1))" "$log" | grep -q 'Kafka Server started' && answers_kafka; }

# kafka_tool CLASS ARGS...: of the loaded instance
kafka_tool() {
  local class=$1 heap_options=(-Xmx${TOOL_HEAP_MB}m -XX:+UseSerialGC -XX:TieredStopAtLevel=1)
  shift
  "$java_home/bin/java" "${heap_options[@]}" "-Dlog4j2.configurationFile=$dir/config/log4j2.yaml" -cp "$(kafka_classpath)" "$class" --bootstrap-server "127.0.0.1:$port" "$@"
}

# load_kafka NAME: loads a running Kafka instance.
load_kafka() {
  load "$1"
  [ "$product" = kafka ] || usage_error "$name is $product, not kafka"
  live_pid "$dir" >/dev/null || die "$name is not running" "lab start $name"
  ensure_java "$product" "$version"
}

cmd_kafka_topics() {
  [ $# -ge 1 ] || usage_error "kafka-topics needs the instance's name"
  load_kafka "$1"
  kafka_tool org.apache.kafka.tools.TopicCommand "${@:2}"
}

cmd_kafka_acls() {
  [ $# -ge 1 ] || usage_error "kafka-acls needs the instance's name"
  load_kafka "$1"
  secured || usage_error "$name has no authorizer: lab up kafka --security all"
  kafka_tool org.apache.kafka.tools.AclCommand "${@:2}"
}

# Prints one line a message: partition, offset, key, value, divided by tabs. The tool ends well even if fewer came.
cmd_kafka_consume() {
  local instance=${1:-} topic='' max='' timeout=$CONSUME_TIMEOUT_MS got talk
  [ -n "$instance" ] || usage_error "kafka-consume needs the instance's name"
  shift
  while [ $# -ge 2 ]; do
    case $1 in
      --topic) topic=$2 ;;
      --max) max=$2 ;;
      --timeout-ms) timeout=$2 ;;
      *) usage_error "kafka-consume does not know '$1'" ;;
    esac
    shift 2
  done
  [ $# = 0 ] || usage_error "kafka-consume: '$1' needs a value"
  [ -n "$topic" ] && [[ "$max" =~ ^[1-9][0-9]*$ ]] && [[ "$timeout" =~ ^[1-9][0-9]*$ ]] || usage_error "kafka-consume needs --topic T and --max N (N a whole number)"
  load_kafka "$instance"
  talk=$(mktemp)
  # shellcheck disable=SC2064 # the name is known now and local
  trap "rm -f '$talk'" EXIT
  kafka_tool org.apache.kafka.tools.consumer.ConsoleConsumer --topic "$topic" --from-beginning --max-messages "$max" --timeout-ms "$timeout" \
    --property print.partition=true --property print.offset=true --property print.key=true 2>"$talk" || {
    cat "$talk" >&2
    die "Kafka's console consumer failed on topic $topic of $name"
  }
  got=$(sed -n 's/^Processed a total of \([0-9]*\) messages.*/\1/p' "$talk")
  [ "$got" = "$max" ] || die "topic $topic of $name gave ${got:-0} of $max messages in $timeout ms" "see what there is: lab kafka-topics $name --describe --topic $topic"
}
