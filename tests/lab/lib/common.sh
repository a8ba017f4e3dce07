# shellcheck shell=bash
# Messages, versions and places: what every other part of the lab uses.

LAB_UID=18000 # Elasticsearch and OpenSearch refuse to run as root; any unused uid does, no account needed
EVERYTHING=("elasticsearch 7.10.2" "opensearch 2.19.4" "opensearch 3.4.0" "kafka 4.1.0")
ON_REQUEST=("elasticsearch "{1.7.6,2.4.6,5.6.16,6.8.23,7.17.29,8.19.0,9.2.0} "opensearch 1.3.20") # fetched when first used or named

say() { printf 'lab: %s\n' "$*" >&2; }

# die WHAT [FIX]: ends the command with exit code 1.
die() {
  printf 'lab: error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '     to fix it: %s\n' "$2" >&2
  exit 1
}

usage_error() {
  printf "lab: %s; 'lab help' lists the commands\n" "$1" >&2
  exit 2
}

# need COMMAND WHAT_FOR PACKAGE
need() {
  command -v "$1" >/dev/null || die "command '$1' not found, needed $2" "apt-get install $3 (or: lab setup)"
}

# resolve_version PRODUCT VERSION: prints the full version.
resolve_version() {
  case "$1 $2" in
    "elasticsearch "* | "opensearch "* | "kafka "*) ;;
    *) usage_error "no product '$1'; there are elasticsearch, opensearch and kafka" ;;
  esac
  case "$1 ${2%.x}" in
    "elasticsearch 1.7.6" | "elasticsearch 1.7" | "elasticsearch 1") echo 1.7.6 ;;
    "elasticsearch 2.4.6" | "elasticsearch 2.4" | "elasticsearch 2") echo 2.4.6 ;;
    "elasticsearch 5.6.16" | "elasticsearch 5.6" | "elasticsearch 5") echo 5.6.16 ;;
    "elasticsearch 6.8.23" | "elasticsearch 6.8" | "elasticsearch 6") echo 6.8.23 ;;
    "elasticsearch 7.10.2" | "elasticsearch 7.10") echo 7.10.2 ;;
    "elasticsearch 7.17.29" | "elasticsearch 7.17") echo 7.17.29 ;;
    "elasticsearch 8.19.0" | "elasticsearch 8.19" | "elasticsearch 8") echo 8.19.0 ;;
    "elasticsearch 9.2.0" | "elasticsearch 9.2" | "elasticsearch 9") echo 9.2.0 ;;
    "opensearch 1.3.20" | "opensearch 1.3" | "opensearch 1") echo 1.3.20 ;;
    "opensearch 2.19.4" | "opensearch 2.19" | "opensearch 2") echo 2.19.4 ;;
    "opensearch 3.4.0" | "opensearch 3.4" | "opensearch 3") echo 3.4.0 ;;
    "kafka 4.1.0" | "kafka 4.1" | "kafka 4" | "kafka ") echo 4.1.0 ;;
    *) usage_error "no version '$2' of $1; there are: $(printf '%s, ' "${EVERYTHING[@]}" "${ON_REQUEST[@]}" | sed 's/, $//')" ;;
  esac
}

# find_places: sets `cache` (packages), `run` (instances) and `as_server` (the command prefix that drops root).
find_places() {
  as_server=()
  local fallback=/var/cache/switchover/lab
  cache=${SWITCHOVER_LAB_CACHE:-}
  [ -n "$cache" ] || cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set; set it or SWITCHOVER_LAB_CACHE}/.cache}/switchover/lab
  cache=$(realpath -m "$cache")
  run=$(realpath -m "${SWITCHOVER_LAB_RUN:-${TMPDIR:-/tmp}}/switchover-lab-$(id -u)")
  # The servers' own start-up splits class paths and options at these characters.
  [[ "$cache$run" != *[[:space:]:\"\\]* ]] || die "a blank, colon, quote or backslash in a path: cache '$cache', instances '$run'" "set SWITCHOVER_LAB_CACHE and SWITCHOVER_LAB_RUN to other paths"
  if [ "$(id -u)" = 0 ]; then
    need setpriv "to run servers as uid $LAB_UID" util-linux
    as_server=(setpriv "--reuid=$LAB_UID" "--regid=$LAB_UID" --clear-groups)
  fi
  if ! server_can_enter "$cache"; then
    # root's home is often closed to the uid the servers run as: root's default cache then lies elsewhere
    [ -z "${SWITCHOVER_LAB_CACHE:-}" ] || die "uid $LAB_UID, which the servers run as, cannot enter SWITCHOVER_LAB_CACHE=$cache" "choose a directory all of whose parents are open to others (chmod o+x)"
    cache=$fallback
    server_can_enter "$cache" || die "uid $LAB_UID, which the servers run as, cannot enter $cache" "set SWITCHOVER_LAB_CACHE to a directory open to others"
  fi
  mkdir -p "$cache" "$run/.locks"
  server_can_enter "$run" || die "uid $LAB_UID, which the servers run as, cannot enter $run" "set SWITCHOVER_LAB_RUN to a directory all of whose parents are open to others"
  # The name is predictable and may lie in a directory everybody writes to.
  [ -O "$run" ] || die "$run belongs to another user" "remove it, or set SWITCHOVER_LAB_RUN"
}

# server_can_enter DIR: or, where DIR is still to be made, what exists of the way to it.
server_can_enter() {
  local there=$1
  until [ -d "$there" ]; do there=$(dirname "$there"); done
  "${as_server[@]}" test -x "$there"
}

# lock FD FILE SECONDS WHAT: waits for the lock; the descriptor keeps it until `unlock FD` or the end of the command.
# Servers are started with these descriptors closed, else a server would hold the lock as long as it lives.
lock() {
  eval "exec $1>>\"\$2\""
  flock -n "$1" || {
    say "waiting for $4"
    flock -w "$3" "$1" || die "$4 still going on after $3 s (lock $2)" "see what holds it: fuser -v $2"
  }
}
unlock() { eval "exec $1>&-"; }
CERTS_LOCK_FD=6
NAME_LOCK_FD=7
FETCH_LOCK_FD=8
PORT_LOCK_FD=9
