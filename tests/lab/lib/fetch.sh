# shellcheck shell=bash
# Packages, fetched by Maven and prepared once: $cache/PRODUCT-VERSION-rN is shared by all instances and written by none.

PREPARED_REVISION=1 # raise when preparation changes, so that what an older lab prepared is not taken
FETCH_LOCK_SECONDS=900
DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

# dist_dir PRODUCT VERSION [SECURITY]: only OpenSearch's security is a distribution of its own.
dist_dir() {
  local variant=
  [ "$1" != opensearch ] || [ "${3:-off}" = off ] || variant=-security
  printf '%s/%s-%s%s-r%s' "$cache" "$1" "$2" "$variant" "$PREPARED_REVISION"
}

# ensure_prepared NAME BUILDER [ARGS]...: makes $cache/NAME with `BUILDER DIR ARGS` unless it is there. One caller
# at a time builds, in a scratch directory that is renamed into place: what has the name is complete.
ensure_prepared() {
  local name=$1 builder=$2 scratch
  shift 2
  [ ! -d "$cache/$name" ] || return 0
  need flock "to let one caller at a time fetch packages" util-linux
  [ -w "$cache" ] || die "cannot write to the cache $cache" "run as its owner, or set SWITCHOVER_LAB_CACHE"
  lock $FETCH_LOCK_FD "$cache/.lock" $FETCH_LOCK_SECONDS "another caller that fetches packages"
  if [ ! -d "$cache/$name" ]; then
    rm -rf "$cache"/.scratch.* # left by an interrupted caller: nobody else is building while we hold the lock
    scratch=$(mktemp -d "$cache/.scratch.XXXXXX")
    say "preparing $name"
    "$builder" "$scratch/it" "$@"
    chmod -R a+rX,go-w "$scratch/it"
    mv -T "$scratch/it" "$cache/$name"
    rm -rf "$scratch"
    say "prepared $cache/$name"
  fi
  unlock $FETCH_LOCK_FD
}

# ensure_dist PRODUCT VERSION [SECURITY]
ensure_dist() {
  local variant
  variant=$(basename "$(dist_dir "$@")")
  ensure_prepared "$(basename "$(dist_dir "$1" "$2")")" "build_$1" "$2"
  ensure_prepared "$variant" build_opensearch_security "$2" # nothing to do where it is the same
}

# maven_fetch DIR GROUP:ARTIFACT:VERSION[:TYPE]...: copies the artifacts and what they depend on into DIR, flat.
# A zip is a whole distribution: what its pom names is inside already.
maven_fetch() {
  local dir=$1 coordinates group artifact version type
  shift
  need mvn "to fetch $1" maven
  mkdir -p "$dir"
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>lab</groupId><artifactId>lab</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    for coordinates in "$@"; do
      IFS=: read -r group artifact version type <<<"$coordinates"
      printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>' "$group" "$artifact" "$version"
      [ -z "$type" ] || printf '<type>%s</type><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>' "$type"
      echo '</dependency>'
    done
    echo '</dependencies></project>'
  } >"$dir.pom"
  mvn --quiet --batch-mode --strict-checksums -Dstyle.color=never -f "$dir.pom" "$DEPENDENCY_PLUGIN:copy-dependencies" "-DoutputDirectory=$dir" >"$dir.out" 2>&1 || {
    grep -m 6 ERROR "$dir.out" | cut -c 1-400 >&2 || tail -n 6 "$dir.out" >&2
    die "Maven could not fetch $1 (its last lines are above)" "check the network and ~/.m2/settings.xml (mirror, proxy), then run the same command again"
  }
}

build_elasticsearch() {
  local group=org.elasticsearch.distribution.integ-test-zip
  case $2 in
    1.*) group=org.elasticsearch ;;
    2.*) group=org.elasticsearch.distribution.zip ;;
  esac
  maven_fetch "$1.zip" "$group:elasticsearch:$2:zip"
  unpack_search elasticsearch "$1" "$2"
  case $2 in
    1.*) add_runtime_patch "$1" ;;
    2.*) mkdir "$1/plugins" ;; # it would make it itself, where it may not write
    5.*) maven_fetch "$1.jars" org.codelibs.elasticsearch.module:{lang-painless,reindex,ingest-common,percolator,lang-mustache}:"$2" "org.elasticsearch.plugin:parent-join-client:$2" ;;
    6.*) maven_fetch "$1.jars" org.elasticsearch.plugin:{reindex,parent-join,percolator,lang-mustache}-client:"$2" ;;
    7.10.*) maven_fetch "$1.jars" "org.codelibs:elasticsearch-cluster-runner:$2.0" ;;
    *) add_stand_ins "$1" "$2" ;;
  esac
  add_modules elasticsearch "$1" "$1.jars" "$2"
}

build_opensearch() {
  local name plugins=()
  for name in $(modules_of opensearch "$2"); do
    case $name in lang-painless | analysis-common | ingest-common) ;; *) name+=-client ;; esac
    plugins+=("org.opensearch.plugin:$name:$2")
  done
  maven_fetch "$1.zip" "org.opensearch.distribution.integ-test-zip:opensearch:$2:zip"
  maven_fetch "$1.jars" "${plugins[@]}"
  unpack_search opensearch "$1" "$2"
  add_modules opensearch "$1" "$1.jars" "$2"
}

# unpack_search PRODUCT DIR VERSION
unpack_search() {
  need unzip "to unpack $1 $3" unzip
  unzip -q "$2.zip/"*.zip -d "$2.unzipped"
  mv -T "$2.unzipped/$1-$3" "$2"
}

# Without a log4j binding Kafka never logs anything, not even that it started.
build_kafka() {
  maven_fetch "$1/lib" "org.apache.kafka:kafka_2.13:$2" "org.apache.kafka:kafka-tools:$2" org.apache.logging.log4j:log4j-slf4j-impl:2.24.3
  rm "$1/lib.pom" "$1/lib.out"
}

cmd_fetch() {
  local wanted=() product version pair
  while [ $# -gt 0 ]; do
    product=$1 version=${2:-}
    version=$(resolve_version "$product" "$version")
    wanted+=("$product $version")
    shift $(($# < 2 ? 1 : 2))
  done
  [ ${#wanted[@]} -gt 0 ] || wanted=("${EVERYTHING[@]}")
  for pair in "${wanted[@]}"; do
    read -r product version <<<"$pair"
    ensure_java "$product" "$version"
    ensure_dist "$product" "$version"
    printf '%s\n' "$(dist_dir "$product" "$version")"
  done
}
