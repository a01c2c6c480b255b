-- The network that an event came from, by a GeoIP ASN database: hosting networks speak for bots, and an
-- address of a private network is marked as such.
ALTER TABLE analytics.events
    ADD COLUMN IF NOT EXISTS asn UInt32 CODEC(T64, ZSTD(1)) AFTER longitude,
    ADD COLUMN IF NOT EXISTS as_organization LowCardinality(String) CODEC(ZSTD(1)) AFTER asn;
