# shellcheck shell=bash
# Secured search servers. `security` of an instance is `off`, `plain` (users and passwords over HTTP) or `tls` (the same
# over HTTPS). OpenSearch's plugin is added to a distribution of its own; Elasticsearch 7.17 and 8 carry theirs.

ADMIN_PASSWORD=Lab-admin-1
READER_PASSWORD=Lab-reader-1 # of the user `reader`; both passwords lie hashed below security/
OPENSEARCH_ADMIN_DN=CN=admin,O=lab
OPENSEARCH_NODE_DN=CN=node,O=lab

# check_security PRODUCT VERSION SECURITY
check_security() {
  case "$1 $2 $3" in
    "kafka "*" all") ;;
    "opensearch "[23]*" plain" | "opensearch "[23]*" tls" | "elasticsearch 7.17."*" plain" | "elasticsearch 7.17."*" tls" | "elasticsearch 8."*" plain" | "elasticsearch 8."*" tls") ;;
    *" plain" | *" tls" | *" all") usage_error "no --security $3 for $1 $2; there is plain and tls for opensearch 2.19.4 and 3.4.0 and elasticsearch 7.17.29 and 8.19.0, and all for kafka" ;;
    *) usage_error "--security '$3' is none of plain, tls and all" ;;
  esac
}

secured() { [ "$security" != off ]; }

# has_xpack: the loaded instance knows Elasticsearch's own security, whether on or off.
has_xpack() { case "$product $version" in "elasticsearch 7.17."* | "elasticsearch "[89].*) ;; *) return 1 ;; esac; }

admin_user() { [ "$product" = elasticsearch ] && echo elastic || echo admin; }

base_url() { printf '%s://127.0.0.1:%s' "$([ "$security" = tls ] && echo https || echo http)" "$port"; }

# The instance's own copy: it stays right whatever becomes of the directory of `lab certs`.
ca_file() { printf '%s/config/certs/ca.pem' "$dir"; }

# build_opensearch_security DIR VERSION: the plain distribution, linked, and the plugin. OpenSearch's installer refuses the
# one of 3.4.0, which names a module that is not published, so this does what the installer does.
build_opensearch_security() {
  local plugin=$1/plugins/opensearch-security
  maven_fetch "$1.zip" "org.opensearch.plugin:opensearch-security:$2.0:zip"
  cp -rl "$(dist_dir opensearch "$2")" "$1"
  unzip -q "$1.zip/"*.zip -d "$plugin"
  mv "$plugin/config" "$1/config/opensearch-security"
  sed -i 's/^extended.plugins=.*/extended.plugins=/' "$plugin/plugin-descriptor.properties"
  if ! compgen -G "$plugin/commons-collections4-*.jar" >/dev/null; then # 3.4.0's lacks it and then answers nothing but 500
    maven_fetch "$1.jars" org.apache.commons:commons-collections4:4.4
    cp "$1.jars"/commons-collections4-*.jar "$plugin/"
  fi
}

# security_settings: prints the loaded instance's KEY=VALUE lines. Paths are relative to its config directory.
security_settings() {
  local http_tls=false layer
  [ "$security" != tls ] || http_tls=true
  if ! secured; then
    ! has_xpack || echo xpack.security.enabled=false # else 8.x configures its security itself
  elif [ "$product" = opensearch ]; then
    printf 'plugins.security.%s\n' \
      ssl.{transport,http}.pemcert_filepath=certs/node.pem ssl.{transport,http}.pemkey_filepath=certs/node.key \
      ssl.{transport,http}.pemtrustedcas_filepath=certs/ca.pem ssl.transport.enforce_hostname_verification=false \
      ssl.http.enabled=$http_tls ssl.http.clientauth_mode=OPTIONAL allow_default_init_securityindex=true \
      "authcz.admin_dn=[\"$OPENSEARCH_ADMIN_DN\"]" "nodes_dn=[\"$OPENSEARCH_NODE_DN\"]" \
      'restapi.roles_enabled=[all_access, security_rest_api_access]' audit.type=noop
  else
    printf 'xpack.security.%s\n' enabled=true authc.api_key.enabled=true http.ssl.enabled=$http_tls \
      http.ssl.client_authentication=optional transport.ssl.enabled=true transport.ssl.verification_mode=certificate
    for layer in http transport; do
      printf "xpack.security.$layer.ssl.%s\n" key=certs/node.key certificate=certs/node.pem 'certificate_authorities=[certs/ca.pem]'
    done
  fi
}

# add_security: users, roles and certificates into config/ of the loaded instance.
add_security() {
  local conf=$dir/config said
  ensure_certs
  mkdir "$conf/certs"
  cp "$(certs_dir)"/{ca.pem,node.pem,node.key} "$conf/certs/"
  if [ "$product" = opensearch ]; then
    cp "$LAB_HOME"/security/opensearch/*.yml "$conf/opensearch-security/"
    return
  fi
  cp "$LAB_HOME"/security/elasticsearch/* "$conf/"
  # the keystore's tool is the only way to give the user `elastic` a password before the first start
  said=$(printf %s "$ADMIN_PASSWORD" | env -i "PATH=$PATH" "ES_JAVA_HOME=$java_home" "ES_PATH_CONF=$conf" "CLI_JAVA_OPTS=-XX:TieredStopAtLevel=1" "ES_JAVA_OPTS=-XX:TieredStopAtLevel=1" \
    bash "$(dist_dir elasticsearch "$version")/bin/elasticsearch-keystore" add --stdin --force bootstrap.password 2>&1) ||
    die "elasticsearch-keystore refused the password of $name: $said" "look at $conf"
}
