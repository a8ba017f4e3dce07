# shellcheck shell=bash
# Certificates for secured instances: one authority for all instances of this run folder, made when first needed. PEM
# only, the keys PKCS#8: every server here and every client reads that.

CERTS_LOCK_SECONDS=120
CERTS_DAYS=3650

certs_dir() { printf '%s/certs' "$run"; }

# ensure_certs: makes the directory unless it is there; it is renamed into place, so what has the name is complete.
ensure_certs() {
  local scratch=$run/.certs-scratch
  [ ! -d "$(certs_dir)" ] || return 0
  need flock "to let one caller at a time make certificates" util-linux
  need openssl "to make certificates" openssl
  lock $CERTS_LOCK_FD "$run/.locks/.certs" $CERTS_LOCK_SECONDS "another caller that makes certificates"
  if [ ! -d "$(certs_dir)" ]; then
    rm -rf "$scratch" # left by an interrupted caller
    mkdir "$scratch"
    make_certs "$scratch" >"$scratch/out" 2>&1 || {
      tail -n 5 "$scratch/out" >&2
      die "openssl could not make the certificates (its last lines are above)" "OpenSSL 1.1.1 or later is needed; this is $(openssl version)"
    }
    rm "$scratch"/{out,*.request,*.extensions}
    mv -T "$scratch" "$(certs_dir)"
  fi
  unlock $CERTS_LOCK_FD
}

# make_certs DIR: every step asks for the last one, as `||` behind the call turns -e off.
make_certs() {
  local pair file
  openssl req -x509 -newkey rsa:2048 -nodes -days $CERTS_DAYS -keyout "$1/ca.key" -out "$1/ca.pem" -subj '/O=lab/CN=lab-ca' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign || return
  for pair in node:node client:capture admin:admin; do
    file=$1/${pair%:*}
    printf '%s\n' subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 extendedKeyUsage=serverAuth,clientAuth \
      keyUsage=digitalSignature,keyEncipherment basicConstraints=CA:FALSE >"$file.extensions" &&
      openssl req -newkey rsa:2048 -nodes -keyout "$file.key" -out "$file.request" -subj "/O=lab/CN=${pair#*:}" &&
      openssl x509 -req -in "$file.request" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days $CERTS_DAYS \
        -extfile "$file.extensions" -out "$file.pem" || return
  done
}

cmd_certs() {
  [ $# = 0 ] || usage_error "certs takes no arguments"
  ensure_certs
  printf '%s\n' "$(certs_dir)"
}
