//! The layouts to compare. Each is created from `analytics.events`, so that all contain
//! the same events.

/// A way to store events.
pub struct Layout {
    /// Its name for `--layouts`.
    pub name: &'static str,
    /// How it differs from ours.
    pub about: &'static str,
    /// Statements that create and fill it; empty for ours, which exists.
    pub make: &'static [&'static str],
    /// The table.
    pub table: &'static str,
    /// Its column expressions.
    pub names: Names,
}

/// A layout's column expressions.
pub struct Names {
    /// `FROM` with its modifier, so that replays don't change the numbers where possible.
    pub from: &'static str,
    /// Selects a project.
    pub project: &'static str,
    /// The event's name.
    pub event: &'static str,
    /// The timestamp for `windowFunnel`, and its units per second.
    pub instant: (&'static str, u64),
    /// The timestamp as a DateTime.
    pub time: &'static str,
    /// The person.
    pub visitor: &'static str,
    /// The property `button`.
    pub button: &'static str,
}

const OURS: Names = Names {
    from: "analytics.events FINAL",
    project: "project",
    event: "event",
    instant: ("toUInt64(toUnixTimestamp64Milli(ts))", 1000),
    time: "ts",
    visitor: "visitor",
    button: "properties['button']",
};

macro_rules! fill {
    ($table:literal) => {
        concat!("INSERT INTO ", $table, " SELECT * FROM analytics.events")
    };
}

/// The article's, for other benchmarks.
pub fn lab() -> &'static Layout {
    &LAYOUTS[LAYOUTS.len() - 1]
}

/// All of them; ours is the first.
pub const LAYOUTS: [Layout; 9] = [
    Layout {
        name: "ours",
        about: "ORDER BY (project, toDate(ts), visitor, ts, event_id); 48-bit ids, ZSTD, no redundant URL parts",
        make: &[],
        table: "analytics.events",
        names: OURS,
    },
    Layout {
        name: "by_event",
        about: "ORDER BY (project, toDate(ts), event, visitor, ts, event_id)",
        make: &[
            "CREATE TABLE layouts.by_event AS analytics.events ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, toDate(ts), event, visitor, ts, event_id)",
            fill!("layouts.by_event"),
        ],
        table: "layouts.by_event",
        names: Names { from: "layouts.by_event FINAL", ..OURS },
    },
    Layout {
        name: "by_visitor",
        about: "ORDER BY (project, visitor, ts, event_id): no day in the key",
        make: &[
            "CREATE TABLE layouts.by_visitor AS analytics.events ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, visitor, ts, event_id)",
            fill!("layouts.by_visitor"),
        ],
        table: "layouts.by_visitor",
        names: Names { from: "layouts.by_visitor FINAL", ..OURS },
    },
    Layout {
        name: "uuid",
        about: "event ids as UUID, the arrival as a timestamp",
        make: &[
            "CREATE TABLE layouts.uuid AS analytics.events ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, toDate(ts), visitor, ts)",
            "ALTER TABLE layouts.uuid ADD COLUMN uuid UUID, ADD COLUMN arrived_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(3)), DROP COLUMN received_at, DROP COLUMN delay_s, DROP COLUMN event_id",
            "INSERT INTO layouts.uuid SELECT * EXCEPT (event_id, delay_s), reinterpretAsUUID(sipHash128(event_id)), received_at FROM analytics.events",
        ],
        table: "layouts.uuid",
        names: Names { from: "layouts.uuid FINAL", ..OURS },
    },
    Layout {
        name: "json",
        about: "properties as JSON instead of Map",
        make: &[
            "CREATE TABLE layouts.json AS analytics.events ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, toDate(ts), visitor, ts, event_id)",
            "ALTER TABLE layouts.json ADD COLUMN details JSON, DROP COLUMN properties",
            "INSERT INTO layouts.json SELECT * EXCEPT (properties), toJSONString(properties)::JSON FROM analytics.events",
        ],
        table: "layouts.json",
        names: Names { from: "layouts.json FINAL", button: "details.button::String", ..OURS },
    },
    Layout {
        name: "hot_property",
        about: "one property as a materialized column",
        make: &[
            "CREATE TABLE layouts.hot_property AS analytics.events ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, toDate(ts), visitor, ts, event_id)",
            "ALTER TABLE layouts.hot_property ADD COLUMN property_button LowCardinality(String) MATERIALIZED properties['button']",
            fill!("layouts.hot_property"),
        ],
        table: "layouts.hot_property",
        names: Names { from: "layouts.hot_property FINAL", button: "property_button", ..OURS },
    },
    Layout {
        name: "projection",
        about: "a projection ordered by event; not used under FINAL, so queried without",
        make: &[
            "CREATE TABLE layouts.projection AS analytics.events ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, toDate(ts), visitor, ts, event_id) SETTINGS deduplicate_merge_projection_mode = 'rebuild'",
            "ALTER TABLE layouts.projection ADD PROJECTION by_event (SELECT project, ts, event, path, visitor, session_id, country ORDER BY project, event, toDate(ts), visitor)",
            fill!("layouts.projection"),
        ],
        table: "layouts.projection",
        names: Names { from: "layouts.projection", ..OURS },
    },
    Layout {
        name: "default_codecs",
        about: "ClickHouse's default codec (LZ4) everywhere",
        make: &[
            "CREATE TABLE layouts.default_codecs ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (project, toDate(ts), visitor, ts, event_id) AS SELECT * FROM analytics.events LIMIT 0",
            fill!("layouts.default_codecs"),
        ],
        table: "layouts.default_codecs",
        names: Names { from: "layouts.default_codecs FINAL", ..OURS },
    },
    Layout {
        name: "lab",
        about: "the article's: ORDER BY (session_id, timestamp), whole seconds, no event ids, no deduplication",
        make: &[
            "CREATE TABLE layouts.lab (type LowCardinality(String), user_id String, session_id String, timestamp DateTime, locale LowCardinality(String), path String, appVersion LowCardinality(String), details Map(String, String), project LowCardinality(String), browser LowCardinality(String), browser_version LowCardinality(String), os LowCardinality(String), os_version LowCardinality(String), device LowCardinality(String), brand LowCardinality(String), model LowCardinality(String), country LowCardinality(String), region LowCardinality(String), city LowCardinality(String), latitude Float32, longitude Float32) ENGINE = MergeTree ORDER BY (session_id, timestamp)",
            "INSERT INTO layouts.lab SELECT event, if(user_id = '', anonymous_id, user_id), session_id, toDateTime(ts, 'UTC'), locale, path, app_version, properties, project, browser, browser_version, os, os_version, device_type, device_brand, device_model, country, region, city, latitude, longitude FROM analytics.events",
        ],
        table: "layouts.lab",
        names: Names {
            from: "layouts.lab",
            project: "project",
            event: "type",
            instant: ("timestamp", 1),
            time: "timestamp",
            visitor: "user_id",
            button: "details['button']",
        },
    },
];
