# shellcheck shell=bash
# The published test distribution holds hardly more than the server's core. The modules that every real installation
# has are published as jars; this lays them out the way the server loads modules.

MODULES=(lang-painless reindex analysis-common parent-join ingest-common mapper-extras percolator lang-mustache)

# modules_of PRODUCT VERSION: prints those of MODULES that are published for it. Elasticsearch 1 and 2 are whole; what is
# a module later lies in their core, or is not there yet.
modules_of() {
  case "$1 $2" in
    "elasticsearch 7.10."* | "opensearch 2."* | "opensearch 3."*) echo "${MODULES[@]}" ;;
    "elasticsearch 5."*) echo lang-painless reindex parent-join ingest-common percolator lang-mustache ;;
    "elasticsearch 6."*) echo reindex parent-join percolator lang-mustache ;;
    "opensearch 1."*) echo reindex parent-join mapper-extras percolator lang-mustache ;;
  esac
}

# has_module PRODUCT VERSION MODULE
has_module() { [[ " $(modules_of "$1" "$2") " = *" $3 "* ]]; }

# module_libraries MODULE: artifacts the module needs where the server's own lib/ lacks them (across all versions).
module_libraries() {
  case $1 in
    lang-painless) echo antlr4-runtime asm{-debug-all,,-analysis,-commons,-tree,-util} {,opensearch-}scripting-painless-spi ;;
    reindex)
      echo {elasticsearch,opensearch}-rest-client {,elasticsearch-,opensearch-}ssl-config commons-codec commons-logging slf4j-api \
        httpclient httpcore httpcore-nio httpasyncclient httpclient5 httpcore5 httpcore5-h2 httpcore5-reactive reactor-core reactive-streams
      ;;
    ingest-common) echo {,elasticsearch-,opensearch-}{grok,dissect} joni jcodings ;;
    lang-mustache) echo compiler ;; # com.github.spullara.mustache.java:compiler
  esac
}

# module_permissions MODULE: what the module's code needs of the security manager.
module_permissions() {
  case $1 in
    lang-painless) echo 'permission java.lang.RuntimePermission "createClassLoader"; permission java.lang.RuntimePermission "getClassLoader";' ;;
    lang-mustache) echo 'permission java.lang.RuntimePermission "accessDeclaredMembers"; permission java.lang.reflect.ReflectPermission "suppressAccessChecks";' ;;
    reindex) echo 'permission java.net.SocketPermission "*", "connect,resolve"; permission java.net.NetPermission "getProxySelector"; permission java.util.PropertyPermission "*", "read";' ;;
  esac
}

# add_modules PRODUCT DIST JARS VERSION
add_modules() {
  local product=$1 dist=$2 jars=$3 version=$4 module dir main class library jar permissions java=11
  case "$product $version" in "elasticsearch "[56].*) java=1.8 ;; esac
  for module in $(modules_of "$product" "$version"); do
    dir=$dist/modules/$module
    mkdir "$dir"
    main=$jars/$module-$version.jar
    [ -e "$main" ] || main=$jars/$module-client-$version.jar
    cp "$main" "$dir/"
    for library in $(module_libraries "$module"); do
      for jar in "$jars/$library"-[0-9]*.jar; do
        # a jar in both places is "jar hell" to the server, which then refuses to start
        [ -e "$dist/lib/$(basename "$jar")" ] || cp "$jar" "$dir/"
      done
    done
    class=$(unzip -Z1 "$main" | grep -E '/[A-Za-z]*Plugin\.class$' || true)
    [ -n "$class" ] && [ "$(wc -l <<<"$class")" = 1 ] || die "module $module of $product $version: expected one Plugin class in $(basename "$main"), found '$class'"
    class=${class%.class}
    # analysis-common and ingest-common extend painless from Elasticsearch 6 on; without the line the node stops
    cat >"$dir/plugin-descriptor.properties" <<DESCRIPTOR
description=$module
version=$version
name=$module
classname=${class//\//.}
java.version=$java
$product.version=$version
extended.plugins=$(case "$version $module" in 5.*) ;; *" analysis-common" | *" ingest-common") echo lang-painless ;; esac)
has.native.controller=false
DESCRIPTOR
    permissions=$(module_permissions "$module")
    [ -z "$permissions" ] || echo "grant { $permissions };" >"$dir/plugin-security.policy"
  done
}
