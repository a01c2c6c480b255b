#!/bin/sh
# Creates a self-signed certificate for internal names, such as the article's; an existing one is kept.
#   sh make-certificate.sh FOLDER [NAME …]
# For public names, run certbot certonly --webroot … and use its files instead of these two.
set -eu
folder=${1:?usage: make-certificate.sh FOLDER [NAME …]}
shift
[ $# -gt 0 ] || set -- analytics.test dashboard.test
if [ -e "$folder/footfall.crt" ]; then
    echo "$folder/footfall.crt already exists" >&2
    exit 0
fi
names=
for name in "$@"; do names="${names:+$names,}DNS:$name"; done
mkdir -p "$folder"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 \
    -subj "/CN=$1" -addext "subjectAltName=$names" \
    -keyout "$folder/footfall.key" -out "$folder/footfall.crt" 2>/dev/null
echo "created $folder/footfall.crt for $*"
