#!/bin/sh
# Makes .env and a certificate beside compose.yaml, with secrets of their own; what is there stays as it is.
#   ./make-env.sh [NAME …]     the certificate's names; analytics.test and dashboard.test without
set -eu
cd "$(dirname "$0")"
sh nginx/make-certificate.sh tls "$@"
if [ -e .env ]; then
    echo ".env is there already" >&2
    exit 0
fi
umask 077
while IFS= read -r line; do
    case $line in
    *=CHANGE_ME) echo "${line%CHANGE_ME}$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) echo "$line" ;;
    esac
done < .env.example > .env
echo "made .env; now: docker compose up -d"
