# shellcheck shell=bash
# Modules that Elasticsearch 7.17, 8 and 9 need to be of any use and that nobody publishes as jars: the little of them that
# tests rely on, compiled from stand-ins/ against the distribution itself.

# add_stand_ins DIST VERSION
add_stand_ins() {
  add_stand_in "$1" "$2" mini-analysis MiniAnalysisPlugin
  case $2 in [89].*) add_stand_in "$1" "$2" rest-root RootPlugin ;; esac
}

# add_stand_in DIST VERSION MODULE CLASS
add_stand_in() {
  local dir=$1/modules/$3 release=17 lowest
  case $2 in 7.*) release=11 ;; esac
  read -r lowest _ <<<"$(java_range elasticsearch "$2")"
  [ -x "$java_home/bin/javac" ] || die "no Java compiler in $java_home, needed to make the module $3 of elasticsearch $2" "apt-get install openjdk-$lowest-jdk-headless, or put a JDK $lowest or later under /usr/lib/jvm"
  "$java_home/bin/javac" -nowarn -proc:none --release $release -cp "$1/lib/*" -d "$1.$3" "$LAB_HOME/stand-ins/$4.java" >"$1.$3.out" 2>&1 || {
    tail -n 20 "$1.$3.out" >&2
    die "$4.java does not compile against elasticsearch $2 (see above)"
  }
  mkdir "$dir"
  "$java_home/bin/jar" cf "$dir/$3-$2.jar" -C "$1.$3" lab
  # a line more than the version knows stops 8.x
  cat >"$dir/plugin-descriptor.properties" <<DESCRIPTOR
description=$3
version=$2
name=$3
classname=lab.$4
java.version=$release
elasticsearch.version=$2
extended.plugins=
has.native.controller=false
DESCRIPTOR
}
