#!/bin/sh
# Creates .env and a certificate next to compose.yaml, with generated secrets; existing files are left alone.
#   ./make-env.sh [NAME …]     host names for the certificate; default analytics.test and dashboard.test
set -eu
cd "$(dirname "$0")"
sh nginx/make-certificate.sh tls "$@"
if [ -e .env ]; then
    echo ".env already exists" >&2
    exit 0
fi
umask 077
while IFS= read -r line; do
    case $line in
    *=CHANGE_ME) echo "${line%CHANGE_ME}$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) echo "$line" ;;
    esac
done < .env.example > .env
echo "created .env; next: docker compose up -d"
