-- Named cohorts of persons; the rules are in docs/queries/cohorts.md. `ingest-gateway cohort` writes them, the data
-- source reads them.
-- A cohort is a definition, the JSON of a filter, or a list of visitors, by the list's number; the other one is
-- empty. A list is replaced by another number, once all of its members are there: whoever reads sees the one or the
-- other. `former` are the numbers before it, each with the instant in milliseconds until which running queries may
-- read them. `version` is when the cohort was changed, in microseconds.
CREATE TABLE IF NOT EXISTS analytics.cohorts
(
    project     LowCardinality(String),
    name        String,
    description String,
    definition  String CODEC(ZSTD(3)),
    list        UInt64,
    former      Array(Tuple(UInt64, UInt64)),
    is_removed  Bool,
    version     UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, name)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The visitors of lists. `list` is when its import began, in microseconds.
CREATE TABLE IF NOT EXISTS analytics.cohort_members
(
    project LowCardinality(String),
    list    UInt64 CODEC(Delta, ZSTD(1)),
    visitor UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (project, list, visitor)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
