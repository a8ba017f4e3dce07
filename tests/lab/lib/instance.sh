# shellcheck shell=bash
# One instance: $run/NAME with `instance` (what it is), `pid` (PID and its start time), `ready` (was ready once),
# config/, data/, log. The start time tells our process from a later one that was given the same pid.

FIRST_PORT=20000 # below the range the kernel takes outgoing ports from, else a client's socket may sit on a chosen port
PORT_COUNT=10000
STOP_SECONDS=30
KILL_SECONDS=10
NAME_LOCK_SECONDS=600

check_name() {
  [[ "$1" =~ ^[a-z0-9][a-z0-9._-]{0,62}$ ]] || usage_error "'$1' is no instance name: lower-case letters, digits, '.', '_' and '-'"
  [ "$1" != certs ] || usage_error "'certs' is no instance name: the certificates lie there"
}

lock_name() { lock $NAME_LOCK_FD "$run/.locks/$1" $NAME_LOCK_SECONDS "another 'lab up' or 'lab start' of $1"; }

instance_names() {
  local file
  for file in "$run"/*/instance; do basename "$(dirname "$file")"; done
}

# load NAME: sets name, dir, log, product, version, port, inner_port, heap, security, more_ports.
load() {
  check_name "$1"
  name=$1 dir=$run/$1 log=$run/$1/log
  [ -f "$dir/instance" ] || die "no instance '$name'; there are: $(instance_names | paste -sd ' ')" "lab up PRODUCT --name $name"
  IFS=' ' read -r product version port inner_port heap security more_ports <"$dir/instance"
  security=${security:-off} # not in the record of an older lab
}

# start_time PID: prints the process's start time (clock ticks since boot); fails if it is gone or a zombie. A zombie
# with threads left counts as living: until the last one ends, a killed server keeps its port and its files.
start_time() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }" # the second field, the command, may hold blanks and brackets
  [ "${fields[0]}" != Z ] || [ "${fields[17]}" -gt 1 ] || return 1
  printf '%s' "${fields[19]}"
}

# live_pid DIR: prints the pid if the instance's process lives.
live_pid() {
  local pid started now
  read -r pid started 2>/dev/null <"$1/pid" || return 1
  now=$(start_time "$pid") && [ "$now" = "$started" ] && printf '%s' "$pid"
}

# launch COMMAND...: runs the server in the background, in a session of its own (an interrupt of the tests is not for
# it), cut off from our descriptors: it must hold neither the caller's stdout nor a lock.
launch() {
  : >>"$log"
  "${as_server[@]}" env -i "PATH=$PATH" "HOME=$dir" LANG=C.UTF-8 "TMPDIR=$dir/tmp" setsid "$@" >>"$log" 2>&1 </dev/null 6>&- 7>&- 8>&- 9>&- &
  started_pid=$!
  disown # else the shell reports the end of a server we kill
  printf '%s %s\n' "$started_pid" "$(start_time "$started_pid")" >"$dir/pid" || true
}

# await_gone PID STARTED SECONDS
await_gone() {
  local now deadline=$((SECONDS + $3))
  while now=$(start_time "$1") && [ "$now" = "$2" ]; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# stop_process DIR SIGNAL: returns when the process is gone; a server that ignores TERM is killed.
stop_process() {
  local pid started
  pid=$(live_pid "$1") || return 0
  started=$(start_time "$pid") || return 0
  kill "-$2" "$pid" 2>/dev/null || return 0
  if [ "$2" != KILL ]; then
    await_gone "$pid" "$started" $STOP_SECONDS && return
    say "$(basename "$1") (pid $pid) still runs $STOP_SECONDS s after TERM: killing it"
    kill -KILL "$pid" 2>/dev/null || return 0
  fi
  await_gone "$pid" "$started" $KILL_SECONDS || die "$(basename "$1") (pid $pid) still runs $KILL_SECONDS s after kill -9" "look at its state: cat /proc/$pid/status"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# owner_of_port PORT: prints who listens, as far as this user may see it.
owner_of_port() {
  local other
  for other in $(instance_names); do
    if [ "$(cut -d ' ' -f 3 "$run/$other/instance")" = "$1" ] && live_pid "$run/$other" >/dev/null; then
      printf "lab instance %s" "$other"
      return
    fi
  done
  command -v ss >/dev/null && ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, pid \2/p' | head -n 1
}

# die_port_taken PORT FIX
die_port_taken() {
  local owner
  owner=$(owner_of_port "$1") || true
  die "port $1 on 127.0.0.1 is in use${owner:+ by $owner}" "$2"
}

# free_port: prints a port nobody listens on and no instance, running or stopped, has been given.
free_port() {
  local candidate given _
  given=" $(cat "$run"/*/instance /dev/null | cut -d ' ' -f 3,4,7- | paste -sd ' ') $* "
  for _ in {1..200}; do
    candidate=$((FIRST_PORT + (RANDOM * 32768 + RANDOM) % PORT_COUNT))
    [[ "$given" != *" $candidate "* ]] && ! listening $candidate && printf '%s' $candidate && return
  done
  die "no free port found between $FIRST_PORT and $((FIRST_PORT + PORT_COUNT - 1))" "stop what is not needed: lab down --all --purge"
}

# describe: prints the loaded instance as one JSON line.
describe() {
  local pid address=127.0.0.1:$port access='{}' repo=
  pid=$(live_pid "$dir") || pid=null
  [ "$product" = kafka ] || { address=$(base_url) && repo=$(repository); }
  if secured; then
    [ "$product" = kafka ] && access=$(kafka_access) || access=$(jq -cn --arg security "$security" --arg user "$(admin_user)" --arg password "$ADMIN_PASSWORD" --arg ca "$(ca_file)" '{$security, $user, $password, $ca}')
  fi
  jq -cn --arg name "$name" --arg product "$product" --arg version "$version" --arg address "$address" \
    --argjson port "$port" --argjson pid "$pid" --arg dir "$dir" --arg log "$log" --arg repo "$repo" --argjson access "$access" \
    '{$name, $product, $version} + (if $product == "kafka" then {bootstrap: $address} else {url: $address} end) + $access + {$port, $pid, $dir, $log} + (if $repo == "" then {} else {$repo} end)'
}
