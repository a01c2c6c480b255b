//! The same statements for a cluster: replicated tables on every shard under the name
//! `<table>_local`, and a distributed table under the plain one, so that queries and sinks
//! do not change. Replicas and shards are those of the cluster's own `{shard}` and
//! `{replica}` macros, which ClickHouse's default replica path uses.
//!
//! An actor's events lie on one shard (the key is the visitor), which is what a funnel or a
//! session by inactivity needs to be counted on each shard by itself.

use super::script::Statement;

/// A cluster's name, as in `remote_servers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster(String);

impl Cluster {
    /// Checks the name.
    ///
    /// # Errors
    /// If it holds anything but letters, digits, `_` and `-`.
    pub fn parse(name: &str) -> anyhow::Result<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        anyhow::ensure!(
            !name.is_empty() && name.len() <= 64 && name.chars().all(fits),
            "CLICKHOUSE_CLUSTER: {name:?} is not 1 to 64 letters, digits, _ or -"
        );
        Ok(Self(name.to_owned()))
    }
}

/// Tables that are the same on every replica but not divided: small, and read entirely.
const UNDIVIDED: [&str; 4] = ["schema_migrations", "project_settings", "imports", "erasures"];

/// What to run for `statement`: itself on a single server, none or more in a cluster.
#[must_use]
pub fn render(statement: &Statement, cluster: Option<&Cluster>) -> Vec<String> {
    let Some(Cluster(cluster)) = cluster else { return vec![statement.sql.clone()] };
    let on_cluster = format!("ON CLUSTER '{cluster}'");
    // A guarded statement carries over data of an older version; there is none.
    if statement.guard.is_some() && statement.cluster_name.is_none() || statement.sql.starts_with("DROP TABLE") {
        return Vec::new();
    }
    let sql = &statement.sql;
    if let Some(database) = sql.strip_prefix("CREATE DATABASE IF NOT EXISTS ") {
        return vec![format!("CREATE DATABASE IF NOT EXISTS {database} {on_cluster}")];
    }
    if let Some(rest) = sql.strip_prefix("CREATE TABLE IF NOT EXISTS ") {
        let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        return create_table(statement.cluster_name.as_deref().unwrap_or(name), rest, cluster);
    }
    if let Some(rest) = sql.strip_prefix("CREATE OR REPLACE VIEW ") {
        let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        return vec![format!("CREATE OR REPLACE VIEW {name} {on_cluster} {rest}")];
    }
    if let Some(rest) = sql.strip_prefix("CREATE MATERIALIZED VIEW IF NOT EXISTS ") {
        // On each shard, from its own part of the events to its own part of what is made of them.
        let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let rest = rest.replacen(" AS\n", "_local AS\n", 1);
        let rest = rest.replace("FROM analytics.events", "FROM analytics.events_local");
        return vec![format!("CREATE MATERIALIZED VIEW IF NOT EXISTS {name} {on_cluster} {rest}")];
    }
    if let Some(rest) = sql.strip_prefix("ALTER TABLE ") {
        let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if rest.starts_with("MODIFY QUERY") {
            // A view, which has its plain name on each shard and reads that shard's events.
            let rest = rest.replace("FROM analytics.events", "FROM analytics.events_local");
            return vec![format!("ALTER TABLE {name} {on_cluster} {rest}")];
        }
        let altered = format!("ALTER TABLE {} {on_cluster} {rest}", local(name));
        // A distributed table has columns of its own.
        let above = rest.contains("ADD COLUMN") && !undivided(name);
        return std::iter::once(altered)
            .chain(above.then(|| format!("ALTER TABLE {name} {on_cluster} {rest}")))
            .collect();
    }
    vec![sql.clone()]
}

/// The table that holds the rows: itself, or in a cluster the one of each shard.
#[must_use]
pub fn local(table: &str) -> String {
    if undivided(table) { table.to_owned() } else { format!("{table}_local") }
}

fn undivided(table: &str) -> bool {
    UNDIVIDED.iter().any(|name| table.ends_with(&format!(".{name}")))
}

fn create_table(name: &str, rest: &str, cluster: &str) -> Vec<String> {
    let rest = match rest.find("ENGINE = ") {
        Some(at) => {
            let (columns, engine) = rest.split_at(at);
            // The window of a replicated table is its own setting, and has a default.
            let engine = engine.replacen("ENGINE = ", "ENGINE = Replicated", 1);
            let engine = engine.replace("non_replicated_deduplication_window", "replicated_deduplication_window");
            format!("{columns}{engine}")
        }
        None => rest.to_owned(),
    };
    let mut out = vec![format!("CREATE TABLE IF NOT EXISTS {} ON CLUSTER '{cluster}' {rest}", local(name))];
    if !undivided(name) {
        let (database, table) = name.split_once('.').unwrap_or(("analytics", name));
        let key = match table {
            "events" | "sessions" | "cohort_members" => "visitor",
            // On the shard of the events that say it: theirs is the person's.
            "links" | "aliases" => "person",
            // All rows of a project on one shard, which replaces them; and every server tells them.
            "project_reading" => "cityHash64(project)",
            // Only rows of one shard replace each other.
            "cohorts" => "cityHash64(project, name)",
            _ => "rand()",
        };
        out.push(format!(
            "CREATE TABLE IF NOT EXISTS {name} ON CLUSTER '{cluster}' AS {name}_local ENGINE = Distributed('{cluster}', '{database}', '{table}_local', {key})"
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::{MIGRATIONS, script};

    fn rendered(cluster: Option<&Cluster>) -> Vec<String> {
        let wanted = MIGRATIONS.iter().filter(|m| m.scope == script::Scope::Everywhere || cluster.is_none());
        wanted.flat_map(|m| script::statements(m.sql)).flat_map(|statement| render(&statement, cluster)).collect()
    }

    #[test]
    fn a_single_server_gets_the_files_as_they_are() {
        assert!(rendered(None).iter().all(|sql| !sql.contains("CLUSTER") && !sql.contains("Replicated")));
    }

    #[test]
    fn a_cluster_gets_replicated_tables_and_distributed_ones_before_them() {
        let cluster = Cluster::parse("main").unwrap();
        let all = rendered(Some(&cluster));
        let starting = |start: &str| all.iter().filter(|sql| sql.starts_with(start)).count();
        assert_eq!(starting("CREATE TABLE IF NOT EXISTS analytics.events_local ON CLUSTER 'main'"), 1);
        assert_eq!(
            starting(
                "CREATE TABLE IF NOT EXISTS analytics.events ON CLUSTER 'main' AS analytics.events_local ENGINE = Distributed('main', 'analytics', 'events_local', visitor)"
            ),
            1
        );
        assert_eq!(starting("CREATE TABLE IF NOT EXISTS analytics.imports ON CLUSTER 'main'"), 1);
        let altered = starting("ALTER TABLE analytics.events_local ON CLUSTER 'main'");
        assert!(altered >= 2);
        assert_eq!(starting("ALTER TABLE analytics.events ON CLUSTER 'main'"), altered, "both get each column");
        let modified = all.iter().find(|sql| sql.contains("MODIFY QUERY")).unwrap();
        assert!(modified.starts_with("ALTER TABLE analytics.sessions_of_events ON CLUSTER 'main' MODIFY QUERY"));
        assert!(modified.contains("FROM analytics.events_local"), "{modified}");
        assert_eq!(starting("CREATE OR REPLACE VIEW analytics.data ON CLUSTER 'main'"), 1);
        let view = all.iter().find(|sql| sql.starts_with("CREATE MATERIALIZED VIEW")).unwrap();
        assert!(view.contains("TO analytics.sessions_local") && view.contains("FROM analytics.events_local"), "{view}");
        assert!(!all.iter().any(|sql| sql.contains("events_compact") || sql.contains("before_3")), "{all:#?}");
        let links = all.iter().find(|sql| sql.contains("links_of_events")).unwrap();
        assert!(
            links.contains("TO analytics.links_local AS\n") && links.contains("FROM analytics.events_local"),
            "{links}"
        );
        assert!(all.iter().any(|sql| sql.ends_with("'links_local', person)")));
        assert!(all.iter().any(|sql| sql.ends_with("'project_reading_local', cityHash64(project))")));
        assert!(all.iter().any(|sql| sql.ends_with("'cohorts_local', cityHash64(project, name))")));
        assert!(all.iter().any(|sql| sql.ends_with("'cohort_members_local', visitor)")));
        for sql in all.iter().filter(|sql| sql.contains("ENGINE = ")) {
            assert!(sql.contains("ENGINE = Replicated") || sql.contains("ENGINE = Distributed"), "{sql}");
        }
    }

    #[test]
    fn a_cluster_s_name_is_no_way_into_a_statement() {
        for name in ["", "a'b", "a b", "a;b"] {
            Cluster::parse(name).unwrap_err();
        }
    }
}
