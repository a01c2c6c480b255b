#!/bin/sh
# Makes .env beside compose.yaml with secrets of its own; an .env that is there stays as it is.
set -eu
cd "$(dirname "$0")"
if [ -e .env ]; then
    echo ".env is there already" >&2
    exit 1
fi
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
sed -e "s/^CLICKHOUSE_PASSWORD=.*/CLICKHOUSE_PASSWORD=$(secret)/" \
    -e "s/^GRAFANA_ADMIN_PASSWORD=.*/GRAFANA_ADMIN_PASSWORD=$(secret)/" .env.example > .env
echo "made .env; now: docker compose up -d"
