//! Erasing a person everywhere, with a receipt. Running it again does no harm; it is to be
//! run again if events of the person come once more (Kafka keeps them for its retention).

use std::hash::Hasher;

use anyhow::ensure;
use clap::Args;
use siphasher::sip::SipHasher24;
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

use super::{Tables, project};
use crate::migrate::{cluster, script::Statement};

/// Erase a person: events, sessions and dead letters.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// Who.
    #[command(flatten)]
    pub person: Person,
    /// Count only.
    #[arg(long)]
    pub dry_run: bool,
}

/// Who is erased: one of these.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Person {
    /// A user's id, with all devices that the user was signed in on.
    #[arg(long)]
    pub user: Option<String>,
    /// A device's `anonymous_id`.
    #[arg(long)]
    pub anonymous: Option<String>,
    /// A visitor's number, as in `analytics.events`.
    #[arg(long)]
    pub visitor: Option<u64>,
}

/// What was there and what is left, per table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Table, rows found, rows left.
    pub tables: Vec<(&'static str, u64, u64)>,
}

/// Erases, prints the receipt and keeps it, under a hash of the person alone.
///
/// # Errors
/// If ClickHouse refuses, or rows are left.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    let receipt = erase(options, tables).await?;
    println!("{:<24} {:>12} {:>12}", "table", "rows found", "rows left");
    for (table, found, left) in &receipt.tables {
        println!("{table:<24} {found:>12} {left:>12}");
    }
    if options.dry_run {
        println!("nothing was erased (--dry-run)");
        return Ok(());
    }
    let left: u64 = receipt.tables.iter().map(|(_, _, left)| left).sum();
    ensure!(left == 0, "{left} rows are left: events of the person arrive just now; run it again");
    Ok(())
}

/// As [`run`], without printing.
///
/// # Errors
/// If ClickHouse refuses.
pub async fn erase(options: &Options, tables: &Tables) -> anyhow::Result<Receipt> {
    let visitors = visitors(options, tables).await?;
    let text = text_in_dead_letters(&options.person);
    let by_visitor = ("project = {project:String} AND visitor IN {visitors:Array(UInt64)}", By::Visitors(&visitors));
    let by_text = (
        "project = {project:String} AND (visitor IN {visitors:Array(UInt64)} OR {text:String} != '' AND position(body, {text:String}) > 0)",
        By::VisitorsOrText(&visitors, &text),
    );
    let mut receipt = Receipt { tables: Vec::new() };
    for (table, (condition, by)) in
        [("analytics.events", &by_visitor), ("analytics.sessions", &by_visitor), ("analytics.dead_letters", &by_text)]
    {
        let bind = |query: clickhouse::query::Query| {
            let query = query.param("project", &options.project);
            match by {
                By::Visitors(visitors) => query.param("visitors", visitors),
                By::VisitorsOrText(visitors, text) => query.param("visitors", visitors).param("text", text),
            }
        };
        let count = || {
            bind(tables.client.query_raw(&format!("SELECT count() FROM {table} WHERE {condition}"))).fetch_one::<u64>()
        };
        let found = count().await?;
        if !options.dry_run && found > 0 {
            let sql = format!("ALTER TABLE {table} DELETE WHERE {condition}");
            for sql in cluster::render(&Statement::plain(&sql), tables.cluster.as_ref()) {
                bind(tables.client.query_raw(&sql)).with_setting("mutations_sync", "2").execute().await?;
            }
        }
        receipt.tables.push((table, found, count().await?));
    }
    if !options.dry_run {
        let sum = |pick: fn(&(&str, u64, u64)) -> u64| receipt.tables.iter().map(pick).sum::<u64>();
        tables
            .client
            .query_raw("INSERT INTO analytics.erasures (project, subject, rows_found, rows_left) SELECT {project:String}, {subject:UInt64}, {found:UInt64}, {left:UInt64}")
            .param("project", &options.project)
            .param("subject", subject(&options.person))
            .param("found", sum(|(_, found, _)| *found))
            .param("left", sum(|(_, _, left)| *left))
            .execute()
            .await?;
    }
    Ok(receipt)
}

/// What tells the person's rows of a table.
enum By<'a> {
    Visitors(&'a [u64]),
    VisitorsOrText(&'a [u64], &'a str),
}

/// The person's numbers: a user's own, and those of the devices from before signing in.
async fn visitors(options: &Options, tables: &Tables) -> anyhow::Result<Vec<u64>> {
    let of = |kind, id: &str| visitor_of_id(&options.project, kind, id);
    Ok(match &options.person {
        Person { visitor: Some(visitor), .. } => vec![*visitor],
        Person { anonymous: Some(id), .. } => vec![of(IdKind::Anonymous, id)],
        Person { user: Some(id), .. } => {
            let user = of(IdKind::User, id);
            let devices: Vec<String> = tables
                .client
                .query_raw("SELECT DISTINCT anonymous_id FROM analytics.events WHERE project = {project:String} AND visitor = {visitor:UInt64} AND anonymous_id != ''")
                .param("project", &options.project)
                .param("visitor", user)
                .fetch_all()
                .await?;
            std::iter::once(user).chain(devices.iter().map(|id| of(IdKind::Anonymous, id))).collect()
        }
        Person { .. } => Vec::new(),
    })
}

/// The id as it stands in a refused event; a number names nobody there.
fn text_in_dead_letters(person: &Person) -> String {
    let id = person.user.as_ref().or(person.anonymous.as_ref());
    id.map(|id| serde_json::Value::from(id.as_str()).to_string()).unwrap_or_default()
}

fn subject(person: &Person) -> u64 {
    let mut hasher = SipHasher24::new_with_key(b"footfall.erasure");
    hasher.write(format!("{person:?}").as_bytes());
    hasher.finish()
}
