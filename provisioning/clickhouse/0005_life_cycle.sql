-- What was refused on its way to the table, as it came, for 30 days.
CREATE TABLE IF NOT EXISTS analytics.dead_letters
(
    received_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    project     LowCardinality(String),
    reason      LowCardinality(String),
    field       LowCardinality(String),
    message     String CODEC(ZSTD(3)),
    body        String CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (project, received_at)
TTL toDateTime(received_at) + INTERVAL 30 DAY;

-- What is set for a project; `ingest-gateway retention` writes it, and the tables' TTL with it.
CREATE TABLE IF NOT EXISTS analytics.project_settings
(
    project        String,
    retention_days UInt32,
    changed_at     DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY project;

-- Receipts of `ingest-gateway erase`. The person is named by a hash alone.
CREATE TABLE IF NOT EXISTS analytics.erasures
(
    at         DateTime64(3, 'UTC') DEFAULT now64(3),
    project    String,
    subject    UInt64,
    rows_found UInt64,
    rows_left  UInt64
)
ENGINE = MergeTree
ORDER BY at;

-- How far each import of `ingest-gateway import` is; the last row of an import counts.
CREATE TABLE IF NOT EXISTS analytics.imports
(
    import_id   UInt64,
    source      String,
    project     String,
    read_rows   UInt64,
    stored      UInt64,
    dropped     UInt64,
    complete    Bool,
    changed_at  DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY import_id;

-- Daily counts of tools that export no events (Plausible). Never mixed with events.
CREATE TABLE IF NOT EXISTS analytics.imported_days
(
    project          LowCardinality(String),
    source           LowCardinality(String),
    dimension        LowCardinality(String),
    value            String,
    date             Date,
    visitors         UInt64,
    visits           UInt64,
    page_views       UInt64,
    bounces          UInt64,
    visit_duration_s UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (project, source, dimension, date, value);
