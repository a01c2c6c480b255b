-- How a project's events are read, as the file of projects says it (docs/projects.md): the gateway writes it, the data
-- source applies it to every query, so that it counts for old events as well. Not in `project_settings`, whose rows
-- are replaced as a whole by whoever sets a retention.
CREATE TABLE IF NOT EXISTS analytics.project_reading
(
    project               String,
    path_rules            Array(String),
    ignore_trailing_slash Bool,
    session_timeout_min   UInt16,
    changed_at            DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY project;
