# shellcheck shell=bash
# up, start, kill, down, status.

READY_SECONDS=180
ANSWER_SECONDS=60
SHOWN_LOG_LINES=20
started_pid=

# write_settings DIVIDER KEY=VALUE...: prints each key once with its last value (a key twice stops the search servers).
write_settings() {
  local divider=$1 pair key
  local -A value=()
  local keys=()
  shift
  for pair in "$@"; do
    key=${pair%%=*}
    [ -n "${value[$key]+set}" ] || keys+=("$key")
    value[$key]=${pair#*=}
  done
  for key in "${keys[@]}"; do printf '%s%s%s\n' "$key" "$divider" "${value[$key]}"; done
}

own_by_server() { [ "$(id -u)" != 0 ] || chown -R "$LAB_UID:$LAB_UID" "$dir"/{config,data,logs,tmp} $([ ! -d "$dir/repo" ] || echo "$dir/repo"); }

kind() { [ "$product" = kafka ] && echo kafka || echo search; }

# Whatever ends the command before the server is ready also ends the server.
stop_unready() { [ -z "$started_pid" ] || stop_process "$dir" KILL; }

# run_until_ready: starts the loaded instance; returns when it is ready.
run_until_ready() {
  local deadline
  trap stop_unready EXIT
  trap 'exit 1' INT TERM HUP
  log_offset=$(stat -c %s "$log" 2>/dev/null || echo 0)
  "start_$(kind)"
  deadline=$((SECONDS + READY_SECONDS))
  until "ready_$(kind)"; do
    live_pid "$dir" >/dev/null || fail_start "died while starting"
    [ "$SECONDS" -lt "$deadline" ] || fail_start "not ready after $READY_SECONDS s"
    sleep 0.2
  done
  : >"$dir/ready"
  started_pid=
}

fail_start() {
  local fix="read the whole log: $log"
  tail -n $SHOWN_LOG_LINES "$log" | cut -c 1-500 >&2
  if tail -c "+$((log_offset + 1))" "$log" | grep -q 'BindException\|Address already in use'; then fix="another process took port $port or $inner_port meanwhile: lab down $name --purge, then lab up again"; fi
  if tail -c "+$((log_offset + 1))" "$log" | grep -q 'java.lang.OutOfMemoryError'; then fix="give it more memory: --heap $((heap * 2))"; fi
  die "$name ($product $version) $1; the last lines of its log are above" "$fix"
}

cmd_up() {
  local wanted_port='' wanted_heap='' shared=false brokers='' settings=() options=()
  product=${1:-} version='' name='' security=off
  [ -n "$product" ] || usage_error "up needs a product"
  shift
  case ${1:-} in '' | -*) ;; *) version=$1 && shift ;; esac
  version=$(resolve_version "$product" "$version")
  while [ $# -gt 0 ]; do
    case $1 in
      --shared) shared=true && shift && continue ;;
      --name | --port | --heap | --set | --jvm | --security | --brokers) [ $# -ge 2 ] || usage_error "$1 needs a value" ;;
      *) usage_error "up does not know '$1'" ;;
    esac
    case $1 in
      --name) check_name "$2" && name=$2 ;;
      --port) [[ "$2" =~ ^[1-9][0-9]{0,4}$ ]] && [ "$2" -le 65535 ] || usage_error "--port '$2' is no port" && wanted_port=$2 ;;
      --heap) [[ "$2" =~ ^[1-9][0-9]{1,5}$ ]] || usage_error "--heap '$2' is no number of megabytes" && wanted_heap=$2 ;;
      --set) [[ "$2" =~ ^[A-Za-z0-9._-]+=[^$'\n']*$ ]] || usage_error "--set '$2' is not KEY=VALUE" && settings+=("$2") ;;
      --security) check_security "$product" "$version" "$2" && security=$2 ;;
      --brokers) [ "$product $2" = "kafka 3" ] || usage_error "--brokers '$2': there are clusters of 3, of kafka only" && brokers=$2 ;;
      --jvm) [[ "$2" =~ ^-[^[:space:]]+$ ]] || usage_error "--jvm '$2' is no JVM option" && options+=("$2") ;;
    esac
    shift 2
  done
  need jq "to print and read JSON" jq
  need curl "to ask the server" curl
  ensure_java "$product" "$version"
  ensure_dist "$product" "$version" "$security"
  [ "$product" = kafka ] && heap=${wanted_heap:-256} || heap=${wanted_heap:-512}
  if [ -n "$brokers" ]; then
    ! $shared && [ -z "$wanted_port" ] && ! secured || usage_error "--brokers goes neither with --shared nor with --port nor with --security"
    up_cluster "$brokers" ${settings[@]+"${settings[@]}"}
    return
  fi
  claim "$shared"
  $claimed || return 0
  assign_ports "$wanted_port"
  write_jvm_options
  "configure_$(kind)" ${settings[@]+"${settings[@]}"}
  run_until_ready
  describe
}

# write_jvm_options: those of the caller, cmd_up, one a line
write_jvm_options() { printf '%s\n' ${options[@]+"${options[@]}"} | sed '/^$/d' >"$dir/jvm"; }

# claim SHARED: gives the loaded product and version an empty instance directory under the name's lock. `claimed` is
# false if a running shared instance was taken instead, and described.
claim() {
  claimed=true
  local suffix=1 wanted=$name usual=$product-$version
  ! secured || usual+=-$security
  if [ "$1" = true ]; then
    name=${name:-shared-$usual}
  elif [ -z "$name" ]; then
    name=$usual
    until mkdir "$run/$name" 2>/dev/null; do # making the directory is the claim: two callers at once get two names
      suffix=$((suffix + 1))
      name=$usual-$suffix
    done
  fi
  lock_name "$name"
  dir=$run/$name log=$run/$name/log
  if [ -f "$dir/instance" ]; then
    [ "$1" != true ] || check_same
    if [ "$1" = true ] && live_pid "$dir" >/dev/null && take_shared; then
      claimed=false
      return
    fi
    if [ "$1" != true ] && { live_pid "$dir" >/dev/null || [ -e "$dir/ready" ]; }; then
      die "instance '$wanted' exists" "lab start $wanted, or lab down $wanted --purge, or another --name"
    fi
    stop_process "$dir" KILL # a shared one that does not answer, or one that was never ready
    rm -rf "$dir"
  fi
  mkdir -p "$dir"/{data,logs,tmp}
}

# check_same: the existing instance of the loaded name is what is asked for.
check_same() {
  local product_there version_there security_there
  IFS=' ' read -r product_there version_there _ _ _ security_there _ <"$dir/instance"
  [ "$product_there $version_there ${security_there:-off}" = "$product $version $security" ] ||
    die "instance '$name' is $product_there $version_there, security ${security_there:-off}, and not $product $version, security $security" "another --name, or lab down $name --purge"
}

# take_shared: describes the running instance once it answers. A busy machine may make it wait, a hung one is given up.
take_shared() {
  local deadline=$((SECONDS + ANSWER_SECONDS))
  load "$name"
  until "answers_$(kind)"; do
    live_pid "$dir" >/dev/null && [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.5
  done
  describe
}

# assign_ports WANTED: writes the instance's record, with ports nobody else has, under the lock of all ports.
assign_ports() {
  lock $PORT_LOCK_FD "$run/.locks/.ports" $NAME_LOCK_SECONDS "another caller that chooses ports"
  if [ -n "$1" ] && listening "$1"; then
    rm -rf "$dir"
    die_port_taken "$1" "choose another with --port, or leave --port out for a free one"
  fi
  port=${1:-$(free_port)}
  inner_port=$(free_port "$port")
  more_ports=
  for _ in $(more_listeners); do more_ports+=" $(free_port "$port $inner_port$more_ports")"; done
  printf '%s %s %s %s %s %s%s\n' "$product" "$version" "$port" "$inner_port" "$heap" "$security" "$more_ports" >"$dir/instance"
  more_ports=${more_ports# }
  unlock $PORT_LOCK_FD
}

cmd_start() {
  [ $# = 1 ] || usage_error "start needs one instance's name"
  load "$1"
  lock_name "$name"
  ! live_pid "$dir" >/dev/null || die "$name is running" "lab status"
  ensure_java "$product" "$version"
  ensure_dist "$product" "$version" "$security"
  ! listening "$port" || die_port_taken "$port" "stop what has it: $name keeps its port"
  ! listening "$inner_port" || die_port_taken "$inner_port" "stop what has it: $name keeps its inner port"
  run_until_ready
  describe
}

cmd_kill() {
  [ $# = 1 ] || usage_error "kill needs one instance's name"
  load "$1"
  live_pid "$dir" >/dev/null || die "$name is not running" "lab start $name"
  stop_process "$dir" KILL
}

cmd_down() {
  local all=false purge=false names=() one
  while [ $# -gt 0 ]; do
    case $1 in
      --all) all=true ;;
      --purge) purge=true ;;
      -*) usage_error "down does not know '$1'" ;;
      *) check_name "$1" && names+=("$1") ;;
    esac
    shift
  done
  if $all; then mapfile -t names < <(instance_names); else [ ${#names[@]} -gt 0 ] || usage_error "down needs a name or --all"; fi
  for one in ${names[@]+"${names[@]}"}; do (load "$one"); done
  for one in ${names[@]+"${names[@]}"}; do stop_process "$run/$one" TERM & done # together: each may take its 30 s
  wait
  for one in ${names[@]+"${names[@]}"}; do
    ! live_pid "$run/$one" >/dev/null || die "$one could not be stopped"
    ! $purge || rm -rf "${run:?}/$one"
  done
  if $all && $purge; then
    for one in "$run"/*/; do [ -f "$one/instance" ] || rm -rf "$one"; done # claimed by a caller that was killed
  fi
}

cmd_status() {
  local json=false names=() one state memory pid
  while [ $# -gt 0 ]; do
    case $1 in
      --json) json=true ;;
      -*) usage_error "status does not know '$1'" ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  [ ${#names[@]} -gt 0 ] || mapfile -t names < <(instance_names)
  for one in ${names[@]+"${names[@]}"}; do
    load "$one"
    state=stopped memory=0
    if pid=$(live_pid "$dir"); then
      state=running
      memory=$(awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$pid/status" 2>/dev/null) || true
    fi
    describe | jq -c --arg state "$state" --argjson rss_mb "${memory:-0}" '. + {$state, $rss_mb}'
  done | if $json; then jq -sc .; else jq -r '"\(.name)\t\(.state)\t\(.url // .bootstrap)\tpid \(.pid // "-")\t\(.rss_mb) MB\t\(.log)"'; fi
}
