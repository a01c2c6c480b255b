#!/bin/sh
# A certificate of one's own for names that no authority knows, as the article's are; one that is there stays.
#   sh make-certificate.sh FOLDER [NAME …]
# For names in the world: certbot certonly --webroot …, and its files in place of these two.
set -eu
folder=${1:?usage: make-certificate.sh FOLDER [NAME …]}
shift
[ $# -gt 0 ] || set -- analytics.test dashboard.test
if [ -e "$folder/footfall.crt" ]; then
    echo "$folder/footfall.crt is there already" >&2
    exit 0
fi
names=
for name in "$@"; do names="${names:+$names,}DNS:$name"; done
mkdir -p "$folder"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 \
    -subj "/CN=$1" -addext "subjectAltName=$names" \
    -keyout "$folder/footfall.key" -out "$folder/footfall.crt" 2>/dev/null
echo "made $folder/footfall.crt for $*"
