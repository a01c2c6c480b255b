//! The same queries in a project with a link for every tenth event: one in five of its visitors is another
//! person, and the other links are of visitors who were not there in the range.

use crate::clickhouse::ask;

use super::Sides;

/// Events per link.
const EVENTS_OF_A_LINK: u64 = 10;

/// No links, as it was filled.
pub async fn remove(sides: &Sides<'_>) -> anyhow::Result<()> {
    ask(sides.client, sides.server, "TRUNCATE TABLE analytics.links", &[]).await.map(drop)
}

/// Writes and merges them; how many there are.
pub async fn make(sides: &Sides<'_>, rows: u64) -> anyhow::Result<u64> {
    let links = rows / EVENTS_OF_A_LINK;
    let sql = format!(
        "INSERT INTO analytics.links (project, visitor, person, first_at, last_at, is_claimed, decision) \
         SELECT 'website', visitor, cityHash64(visitor, 1), toDateTime64('2025-12-01 00:00:00', 3, 'UTC') + visitor % 2000000, \
         toDateTime64('2025-12-31 00:00:00', 3, 'UTC'), 1, 0 FROM (\
         SELECT visitor FROM (SELECT DISTINCT visitor FROM analytics.events WHERE project = 'website') WHERE cityHash64(visitor) % 5 = 0 \
         UNION ALL SELECT cityHash64(number, 2) AS visitor FROM numbers({links})) LIMIT {links}"
    );
    ask(sides.client, sides.server, &sql, &[]).await?;
    ask(sides.client, sides.server, "OPTIMIZE TABLE analytics.links FINAL", &[]).await?;
    Ok(ask(sides.client, sides.server, "SELECT count() FROM analytics.links", &[]).await?.trim().parse()?)
}
