# shellcheck shell=bash
# Elasticsearch before 7 on a Java that came years after it: other names of settings, logging by log4j 1 (1 and 2), no
# start-up script that fits. Java is started directly with the options the scripts would have given.

# is_old: the loaded instance is such a one.
is_old() { case "$product $version" in "elasticsearch "[1256].*) ;; *) return 1 ;; esac; }

# version_settings: prints KEY=VALUE lines whose names or values depend on the loaded version: the inner port, a cluster
# of one that looks for no others, and scripts in requests, which 1 and 2 allow on demand only.
version_settings() {
  case "$product $version" in
    "elasticsearch 1."*) printf '%s\n' "transport.tcp.port=$inner_port" discovery.zen.ping.multicast.enabled=false script.inline=on ;;
    "elasticsearch 2."*) printf '%s\n' "transport.tcp.port=$inner_port" 'discovery.zen.ping.unicast.hosts=[]' script.inline=true ;;
    "elasticsearch 5."*) printf '%s\n' "transport.tcp.port=$inner_port" 'discovery.zen.ping.unicast.hosts=[]' ;;
    "elasticsearch 6."*) printf '%s\n' "transport.tcp.port=$inner_port" discovery.type=single-node ;;
    *) printf '%s\n' "transport.port=$inner_port" discovery.type=single-node ;;
  esac
}

# configure_old_log CONF: 1 and 2 read logging.yml.
configure_old_log() {
  cat >"$1/logging.yml" <<'LOG'
rootLogger: INFO, console
appender:
  console:
    type: console
    layout:
      type: pattern
      conversionPattern: "[%d{ISO8601}][%-5p][%-25c] %m%n"
LOG
}

# add_runtime_patch DIST: for Elasticsearch 1, see stand-ins/OldRuntime.java.
add_runtime_patch() {
  [ -x "$java_home/bin/javac" ] || die "no Java compiler in $java_home, needed to make elasticsearch 1 run on it" "apt-get install openjdk-17-jdk-headless (or: lab setup)"
  "$java_home/bin/javac" -nowarn -proc:none "--patch-module=java.management=$LAB_HOME/stand-ins" -d "$1/patch" "$LAB_HOME/stand-ins/OldRuntime.java" >"$1.patch.out" 2>&1 || {
    tail -n 20 "$1.patch.out" >&2
    die "OldRuntime.java does not compile with $java_home (see above)"
  }
}

# start_old DIST
start_old() {
  local dist=$1 package main=(org.elasticsearch.bootstrap.Elasticsearch) options
  # '9-:' stands before what is for Java 9 and later
  mapfile -t options < <(sed -nE '/java\.io\.tmpdir/d; s/^(9-:)?(-[^[:space:]]+)$/\2/p' "$dir/config/jvm.options")
  options+=("-Djava.io.tmpdir=$dir/tmp" "-Des.path.home=$dist" "-Des.path.conf=$dir/config")
  case $version in
    [12].*)
      # they reach into the JDK by reflection, also for what they can do without
      for package in java.lang java.util java.nio java.net sun.nio.ch sun.net.www.protocol.http; do options+=("--add-opens=java.base/$package=ALL-UNNAMED"); done
      options+=(--add-opens=java.management/sun.management=ALL-UNNAMED -Des.foreground=yes -Dfile.encoding=UTF-8 -Djna.nosys=true)
      ;;
  esac
  case $version in
    1.*)
      options+=("--patch-module=java.management=$dist/patch" --add-modules=ALL-DEFAULT)
      main=(-m java.management/sun.management.OldRuntime "${main[@]}")
      ;;
    2.*) main+=(start) ;;
  esac
  launch "$java_home/bin/java" "${options[@]}" -cp "$dist/lib/*" "${main[@]}"
}
