# shellcheck shell=bash
# Installs what the lab needs on a Debian-like machine. Only what is missing, so a second run does nothing.

cmd_setup() {
  [ $# = 0 ] || usage_error "setup takes no arguments"
  local packages=() pair
  for pair in mvn:maven curl:curl unzip:unzip jq:jq openssl:openssl python3:python3 flock:util-linux setpriv:util-linux ss:iproute2; do
    command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
  done
  # Debian's python3 has the venv module without what fills a new environment
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  find_places
  # where apt has no such JDK, ensure_java fetches a runtime or says what to do
  find_java 17 17 >/dev/null || packages+=('openjdk-17-jdk-headless?')
  find_java 21 25 >/dev/null || packages+=('openjdk-21-jdk-headless?')
  [ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"
  for pair in "${EVERYTHING[@]}"; do
    # shellcheck disable=SC2086 # a product and its version
    ensure_java $pair
    say "$pair: Java $(java_major "$java_home") in $java_home"
  done
}

# install_packages NAME[?]...: a name with '?' is left out where apt does not have it.
install_packages() {
  local name wanted=() sudo=()
  command -v apt-get >/dev/null || die "missing: ${*//\?/}; this machine has no apt-get" "install what these Debian packages hold by this system's own means"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "missing: ${*//\?/}; installing needs root" "as root: apt-get install ${*//\?/}"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -q >&2 || die "apt-get update failed" "check the network and /etc/apt"
  for name in "$@"; do
    [[ "$name" != *\? ]] || apt-cache show "${name%\?}" >/dev/null 2>&1 || continue
    wanted+=("${name%\?}")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  say "installing ${wanted[*]}"
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -q --no-install-recommends "${wanted[@]}" >&2 || die "apt-get install ${wanted[*]} failed" "see apt's lines above"
}
