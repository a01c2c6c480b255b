//! Erasing a person everywhere, with a receipt. Running it again does no harm; it is to be
//! run again if events of the person come once more (Kafka keeps them for its retention).

use std::{collections::BTreeSet, hash::Hasher};

use anyhow::ensure;
use clap::Args;
use siphasher::sip::SipHasher24;
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

use super::{
    Tables,
    person::{People, Person},
    project,
};
use crate::migrate::{cluster, script::Statement};

/// Erase a person: events, sessions, places in lists, links and dead letters, of all visitors that are linked.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// Who: a user, or a visitor that may be linked with one.
    #[command(flatten)]
    pub person: Person,
    /// Erase other users as well that an alias has made the same person.
    #[arg(long)]
    pub with_aliases: bool,
    /// Count only.
    #[arg(long)]
    pub dry_run: bool,
}

/// What was there and what is left, per table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Visitors that are the person.
    pub visitors: Vec<u64>,
    /// Table, rows found, rows left.
    pub tables: Vec<(&'static str, u64, u64)>,
}

/// Erases, prints the receipt and keeps it, under a hash of the person alone.
///
/// # Errors
/// If ClickHouse refuses, aliases were not agreed to, or rows are left.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    let receipt = erase(options, tables).await?;
    println!("{:<24} {:>12} {:>12}", "table", "rows found", "rows left");
    for (table, found, left) in &receipt.tables {
        println!("{table:<24} {found:>12} {left:>12}");
    }
    if options.dry_run {
        let visitors: Vec<String> = receipt.visitors.iter().map(u64::to_string).collect();
        println!("visitors: {}", visitors.join(", "));
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
/// As [`run`].
pub async fn erase(options: &Options, tables: &Tables) -> anyhow::Result<Receipt> {
    let found = Found::of(options, tables).await?;
    ensure!(
        found.aliased.is_empty() || options.with_aliases || options.dry_run,
        "by aliases, these users are the same person: {}. Give --with-aliases to erase them as well, or undo \
         the aliases (ingest-gateway person unlink); nothing was erased",
        found.aliased.join(", ")
    );
    let mut receipt = Receipt { visitors: found.visitors.clone(), tables: Vec::new() };
    for (table, condition) in TABLES {
        let bind = |query: clickhouse::query::Query| {
            let query = query.param("project", &options.project);
            // A statement takes the values that it has places for.
            match table {
                "analytics.dead_letters" => query.param("visitors", &found.visitors).param("texts", &found.texts),
                _ => query.param("visitors", &found.visitors),
            }
        };
        let count = || {
            bind(tables.client.query_raw(&format!("SELECT count() FROM {table} WHERE {condition}"))).fetch_one::<u64>()
        };
        let there = count().await?;
        if !options.dry_run && there > 0 {
            let sql = format!("ALTER TABLE {table} DELETE WHERE {condition}");
            for sql in cluster::render(&Statement::plain(&sql), tables.cluster.as_ref()) {
                bind(tables.client.query_raw(&sql)).with_setting("mutations_sync", "2").execute().await?;
            }
        }
        receipt.tables.push((table, there, count().await?));
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

const OF_VISITORS: &str = "project = {project:String} AND visitor IN {visitors:Array(UInt64)}";
const OF_LINKED: &str =
    "project = {project:String} AND (visitor IN {visitors:Array(UInt64)} OR person IN {visitors:Array(UInt64)})";
const OF_VISITORS_OR_TEXTS: &str = "project = {project:String} AND (visitor IN {visitors:Array(UInt64)} OR arrayExists(text -> position(body, text) > 0, {texts:Array(String)}))";
/// Where a person can be found, and by what. What names the links comes last, so that a run that was cut
/// off is continued by the next.
const TABLES: [(&str, &str); 6] = [
    ("analytics.events", OF_VISITORS),
    ("analytics.sessions", OF_VISITORS),
    ("analytics.dead_letters", OF_VISITORS_OR_TEXTS),
    ("analytics.cohort_members", OF_VISITORS),
    ("analytics.links", OF_LINKED),
    ("analytics.aliases", OF_LINKED),
];

/// What is known of the person.
struct Found {
    visitors: Vec<u64>,
    /// Other users that an alias has made the same person, by id or number.
    aliased: Vec<String>,
    /// The ids as they stand in a refused event; a number names nobody there.
    texts: Vec<String>,
}

impl Found {
    async fn of(options: &Options, tables: &Tables) -> anyhow::Result<Self> {
        let (project, who) = (&options.project, &options.person);
        let people = People::new(tables, project);
        let own = who.number(project);
        let visitors = people.visitors_of(people.person_of(own).await?).await?;
        let seen = people.seen(&visitors).await?;
        let id_of = |visitor: u64| seen.iter().find(|seen| seen.visitor == visitor).map(|seen| seen.user_id.as_str());
        let is_user = |visitor: u64| id_of(visitor).is_some_and(|id| !id.is_empty());
        // Of several users one is the person that was asked for, or the one that the device was linked with.
        let claims = people.claims(&visitors).await?;
        let asked = match claims.iter().find(|claim| claim.visitor == own && !claim.is_alias && !claim.is_undone) {
            Some(claim) => claim.person,
            None => own,
        };
        let by_alias = |visitor: u64| {
            is_user(visitor)
                || claims.iter().any(|claim| claim.is_alias && [claim.visitor, claim.person].contains(&visitor))
        };
        let aliased = visitors.iter().filter(|visitor| **visitor != asked && by_alias(**visitor));
        let name = |visitor: &u64| {
            id_of(*visitor).filter(|id| !id.is_empty()).map_or(visitor.to_string(), |id| format!("{id:?}"))
        };
        let aliased = aliased.map(name).collect();
        let seen_ids = seen.iter().flat_map(|seen| [&seen.user_id, &seen.anonymous_id]);
        let ids: BTreeSet<&String> = who.user.iter().chain(&who.anonymous).chain(seen_ids).collect();
        // An anonymous id that a user's events carry can be another person's.
        let is_theirs = |id: &&&String| {
            [IdKind::User, IdKind::Anonymous].iter().any(|kind| visitors.contains(&visitor_of_id(project, *kind, id)))
        };
        let texts = ids.iter().filter(|id| !id.is_empty()).filter(is_theirs);
        let texts = texts.map(|id| serde_json::Value::from(id.as_str()).to_string()).collect();
        Ok(Self { visitors, aliased, texts })
    }
}

fn subject(person: &Person) -> u64 {
    let mut hasher = SipHasher24::new_with_key(b"footfall.erasure");
    hasher.write(format!("{person:?}").as_bytes());
    hasher.finish()
}
