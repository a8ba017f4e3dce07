# shellcheck shell=bash
# A broker with a listener for every way to log in (`--security all`), and an authorizer. The plaintext listener, which
# the lab's own tools use, is the super user; everybody else may do what no rule (`lab kafka-acls`) forbids.

KAFKA_USER=capture
KAFKA_PASSWORD=capture-secret
KAFKA_AWS_ACCESS_KEY=AKIDLAB
KAFKA_AWS_SECRET_KEY=lab-secret-key
KAFKA_AWS_REGION=us-east-1
KAFKA_SHORT_SECONDS=20 # on the listener mskshort, a token older than this has expired
# MSK lets a login hold for 12 h; here every connection has to log in again while a test looks on.
KAFKA_REAUTHENTICATE_MS=5000

# NAME:PROTOCOL beside the plaintext one, in the order of the instance's further ports.
KAFKA_LISTENERS=(SCRAM:SASL_SSL SCRAMCLEAR:SASL_PLAINTEXT PLAIN:SASL_SSL MTLS:SSL TLS:SSL MSK:SASL_SSL MSKSHORT:SASL_SSL)

# more_listeners: of the loaded instance, one word each
more_listeners() { [ "$product" != kafka ] || ! secured || printf '%s\n' "${KAFKA_LISTENERS[@]%:*}"; }

# Named after what it is made of, so that a changed source is compiled anew.
validator_dir() { printf '%s/kafka-validator-%s-%s' "$cache" "$version" "$(cksum <"$LAB_HOME/security/kafka/MskIamTokenValidator.java" | cut -d ' ' -f 1)"; }

# build_validator DIR
build_validator() {
  [ -x "$java_home/bin/javac" ] || die "no Java compiler in $java_home, needed to make Kafka's check of IAM tokens" "apt-get install openjdk-17-jdk-headless (or: lab setup)"
  mkdir -p "$1"
  "$java_home/bin/javac" -nowarn -proc:none --release 17 -cp "$(dist_dir kafka "$version")/lib/*" -d "$1" "$LAB_HOME/security/kafka/MskIamTokenValidator.java" >"$1.out" 2>&1 || {
    tail -n 20 "$1.out" >&2
    die "MskIamTokenValidator.java does not compile against kafka $version (see above)"
  }
}

# add_kafka_security: certificates into config/ of the loaded instance, and the validator into the cache.
add_kafka_security() {
  local certs
  ensure_prepared "$(basename "$(validator_dir)")" build_validator
  ensure_certs
  certs=$(certs_dir)
  mkdir "$dir/config/certs"
  cp "$certs/ca.pem" "$dir/config/certs/"
  cat "$certs"/node.{key,pem} "$certs/ca.pem" >"$dir/config/certs/node-all.pem"
}

# kafka_security_settings: prints the loaded instance's KEY=VALUE lines.
kafka_security_settings() {
  local listener ports at=0 name_of listeners="PLAINTEXT://127.0.0.1:$port" protocols=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
  local scram=org.apache.kafka.common.security.scram.ScramLoginModule plain=org.apache.kafka.common.security.plain.PlainLoginModule
  local oauth=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule
  read -ra ports <<<"$more_ports"
  for listener in "${KAFKA_LISTENERS[@]}"; do
    listeners+=,${listener%:*}://127.0.0.1:${ports[at]}
    protocols+=,$listener
    at=$((at + 1))
  done
  printf '%s\n' "listeners=$listeners,CONTROLLER://127.0.0.1:$inner_port" "advertised.listeners=$listeners" \
    "listener.security.protocol.map=$protocols" inter.broker.listener.name=PLAINTEXT \
    ssl.{key,trust}store.type=PEM "ssl.keystore.location=$dir/config/certs/node-all.pem" "ssl.truststore.location=$dir/config/certs/ca.pem" \
    listener.name.mtls.ssl.client.auth=required \
    authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer super.users=User:ANONYMOUS allow.everyone.if.no.acl.found=true
  for name_of in scram scramclear; do
    printf "listener.name.$name_of.%s\n" sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256 \
      "scram-sha-512.sasl.jaas.config=$scram required;" "scram-sha-256.sasl.jaas.config=$scram required;"
  done
  printf 'listener.name.plain.%s\n' sasl.enabled.mechanisms=PLAIN \
    "plain.sasl.jaas.config=$plain required user_$KAFKA_USER=\"$KAFKA_PASSWORD\";"
  # with any option in the line, the broker's own login wants the claim
  oauth+=" required unsecuredLoginStringClaim_sub=\"broker\" accessKey=\"$KAFKA_AWS_ACCESS_KEY\" secretKey=\"$KAFKA_AWS_SECRET_KEY\" region=\"$KAFKA_AWS_REGION\""
  for name_of in msk mskshort; do
    [ $name_of = msk ] || oauth+=" seconds=\"$KAFKA_SHORT_SECONDS\""
    printf "listener.name.$name_of.%s\n" sasl.enabled.mechanisms=OAUTHBEARER "oauthbearer.sasl.jaas.config=$oauth;" \
      oauthbearer.sasl.server.callback.handler.class=lab.MskIamTokenValidator "oauthbearer.connections.max.reauth.ms=$KAFKA_REAUTHENTICATE_MS"
  done
}

# kafka_access: what a client of the loaded instance needs, as JSON
kafka_access() {
  local listeners='{}' listener ports at=0
  read -ra ports <<<"$more_ports"
  for listener in "${KAFKA_LISTENERS[@]}"; do
    listener=${listener%:*}
    listeners=$(jq -c --arg name "${listener,,}" --arg address "127.0.0.1:${ports[at]}" '. + {($name): $address}' <<<"$listeners")
    at=$((at + 1))
  done
  jq -cn --arg security "$security" --arg user "$KAFKA_USER" --arg password "$KAFKA_PASSWORD" --arg ca "$(ca_file)" \
    --arg access_key_id "$KAFKA_AWS_ACCESS_KEY" --arg secret_access_key "$KAFKA_AWS_SECRET_KEY" --arg region "$KAFKA_AWS_REGION" --argjson listeners "$listeners" \
    '{$security, $user, $password, $ca, $listeners, aws: {$access_key_id, $secret_access_key, $region}}'
}
