-- Least-privilege ClickHouse users. Replace CHANGE_ME (`openssl rand -hex 24`), then run:
--   clickhouse-client --multiquery < users.sql
-- * footfall_migrate: `ingest-gateway migrate | retention | cohort | erase`, and the gateway in direct mode.
-- * footfall_writer: Vector's sink, behind Kafka. Can only insert.
-- * footfall_reader: Grafana's data source. Can only read, and cannot raise its own limits.

CREATE USER IF NOT EXISTS footfall_migrate IDENTIFIED WITH sha256_password BY 'CHANGE_ME';
GRANT SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE ON analytics.* TO footfall_migrate;
GRANT SELECT ON system.* TO footfall_migrate;

CREATE USER IF NOT EXISTS footfall_writer IDENTIFIED WITH sha256_password BY 'CHANGE_ME';
GRANT INSERT ON analytics.events TO footfall_writer;
GRANT INSERT ON analytics.dead_letters TO footfall_writer;
-- The materialized views behind these tables run with the inserting user's grants.
GRANT INSERT ON analytics.sessions TO footfall_writer;
GRANT INSERT ON analytics.links TO footfall_writer;
GRANT INSERT ON analytics.aliases TO footfall_writer;
GRANT SELECT ON analytics.events TO footfall_writer;

CREATE SETTINGS PROFILE IF NOT EXISTS footfall_reading SETTINGS
    readonly = 2,
    -- 0 would mean no limit.
    max_execution_time = 60 MIN 1 MAX 3600,
    max_memory_usage = 8589934592 MIN 1 MAX 34359738368;
CREATE USER IF NOT EXISTS footfall_reader IDENTIFIED WITH sha256_password BY 'CHANGE_ME' SETTINGS PROFILE footfall_reading;
GRANT SELECT ON analytics.* TO footfall_reader;
-- For the dashboard "Footfall: ClickHouse operations".
GRANT SELECT ON system.* TO footfall_reader;
