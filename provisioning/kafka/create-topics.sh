#!/bin/sh
# Creates the topics; safe to run again.
#   BOOTSTRAP=localhost:9092 sh create-topics.sh
set -eu
topics() { "${KAFKA_TOPICS:-kafka-topics.sh}" --bootstrap-server "${BOOTSTRAP:-localhost:9092}" "$@"; }
# 604,800,000 ms are 7 days, as in the article: the longest a consumer may be down.
topics --create --if-not-exists --topic analytics --partitions "${PARTITIONS:-6}" \
    --replication-factor "${REPLICATION:-1}" --config retention.ms=604800000
topics --create --if-not-exists --topic analytics.dead-letter --partitions 1 \
    --replication-factor "${REPLICATION:-1}" --config retention.ms=604800000
