//! Paths: from page to page (or event to event), onward from a place or back from one.
//! Rules: docs/queries/paths.md.

mod graph;

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    actors::{self, Pass, Sum, Wide},
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    funnel::model::Actor,
    names,
    query::{
        Query,
        dimension::Dimension,
        filter::{EventFilter, OneOf},
        label::{OTHER, apart},
        sql::Sql,
    },
    sessions::INACTIVITY_MS_MAX,
};

/// Places of one path.
pub const STEPS: std::ops::RangeInclusive<u32> = 2..=20;
const STEPS_DEFAULT: u32 = 5;
const LIMIT_MAX: u32 = 200;
const LIMIT_DEFAULT: u32 = 20;

/// A question about paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    /// What a place is.
    pub node: Dimension,
    /// Which events are places.
    pub filter: EventFilter,
    /// Where paths begin, or end if `backward`; none is the first or last of a visit.
    pub anchor: Option<EventFilter>,
    /// Back from the anchor.
    pub backward: bool,
    /// Places of a path, the anchor among them.
    pub steps: u32,
    /// Ways from step to step that are shown by themselves.
    pub limit: u32,
    /// The same place twice in a row is one.
    pub collapse: bool,
    /// Within what.
    pub by: Actor,
    /// As nodes and edges, for Grafana's node graph.
    pub graph: bool,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    node: String,
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    anchor: Option<RawAnchor>,
    direction: String,
    steps: Option<u32>,
    limit: Option<u32>,
    collapse: Option<bool>,
    by: Option<Actor>,
    result: String,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct RawAnchor {
    event: OneOf,
    path: OneOf,
    filter: Value,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn resolve(self) -> Result<Paths, QueryError> {
        let node =
            Dimension::parse(if self.node.is_empty() { "path" } else { &self.node }).map_err(|e| e.at("node"))?;
        let steps = self.steps.unwrap_or(STEPS_DEFAULT);
        if !STEPS.contains(&steps) {
            return Err(QueryError::invalid(
                "steps",
                format!("{steps} is not from {} to {}", STEPS.start(), STEPS.end()),
            ));
        }
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(QueryError::invalid("limit", format!("{limit} is not from 1 to {LIMIT_MAX}")));
        }
        let backward = match self.direction.as_str() {
            "" | "forward" => false,
            "backward" => true,
            other => {
                return Err(QueryError::invalid("direction", format!("{other:?} is not known: forward or backward")));
            }
        };
        let graph = match self.result.as_str() {
            "" | "ways" => false,
            "graph" => true,
            other => return Err(QueryError::invalid("result", format!("{other:?} is not known: ways or graph"))),
        };
        let filter = EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?;
        let anchor = self.anchor.map(|raw| EventFilter::read(raw.event, raw.path, &raw.filter, "anchor.filter"));
        Ok(Paths {
            node,
            filter,
            anchor: anchor.transpose()?,
            backward,
            steps,
            limit,
            collapse: self.collapse.unwrap_or(true),
            by: self.by.unwrap_or(Actor::Session),
            graph,
        })
    }
}

/// Step, from, to: how often. Steps count from the anchor.
#[derive(Debug, Clone, Default)]
struct Ways(HashMap<(u32, u64, u64), u64>);

impl Sum for Ways {
    fn merge(&mut self, other: Self) {
        for (way, count) in other.0 {
            *self.0.entry(way).or_default() += count;
        }
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * (size_of::<((u32, u64, u64), u64)>() + 1)
    }
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, paths: &Paths) -> Result<Vec<Frame>, QueryError> {
    let text = statement(query, paths, Pass::WHOLE).as_text().to_owned();
    let rules = paths.clone();
    let ways = actors::fold(
        clickhouse,
        |pass| statement(query, paths, pass),
        Ways::default,
        move |ways: &mut Ways, events: &[Wide]| add(ways, events, &rules),
    )
    .await?;
    let shown = shown(ways, paths.limit as usize);
    let mut hashes: Vec<u64> = shown.iter().flat_map(|(_, from, to, _)| [*from, *to]).flatten().collect();
    hashes.sort_unstable();
    hashes.dedup();
    let names = names::of(clickhouse, query, query.range.to_ms, &paths.node, &hashes).await?;
    let ways = named(shown, &names);
    Ok(match paths.graph {
        true => graph::frames(&ways, paths.backward, &text),
        false => vec![frame(&ways, paths.backward).with_executed(text)],
    })
}

/// The statement that reads the events.
#[must_use]
pub fn plan(query: &Query, paths: &Paths) -> Sql {
    statement(query, paths, Pass::WHOLE)
}

fn statement(query: &Query, paths: &Paths, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(paths.by.expression())
        .text(" AS actor, toUnixTimestamp64Milli(ts) AS at_ms, toUInt64(0) AS mask, CAST(event_order * 2 + ");
    match &paths.anchor {
        Some(anchor) => drop(sql.text("toUInt8(").sub(|sql| anchor.write(sql)).text(")")),
        None => drop(sql.text("0")),
    }
    // Events are taken in the order of these numbers: of one instant, as they were sent, else by id.
    sql.text(", 'UInt64') AS hold, CAST(cityHash64(")
        .sub(|sql| paths.node.write_plain(sql))
        .text("), 'UInt64') AS value FROM analytics.events FINAL WHERE ");
    query.scope(&mut sql, query.range.from_ms, query.range.to_ms);
    sql.text(paths.by.condition()).text(" AND ").sub(|sql| paths.filter.write(sql));
    pass.write(&mut sql, paths.by.expression());
    sql
}

fn add(ways: &mut Ways, events: &[Wide], paths: &Paths) {
    // A client's session is one visit; other actors' visits end by inactivity.
    let visits: Vec<&[Wide]> = match paths.by {
        Actor::Session => vec![events],
        _ => events.chunk_by(|a, b| b.at_ms - a.at_ms <= INACTIVITY_MS_MAX).collect(),
    };
    for visit in visits {
        let mut places: Vec<(u64, bool)> = Vec::with_capacity(visit.len());
        for event in visit {
            let anchor = event.hold & 1 == 1;
            match places.last_mut() {
                Some((value, is_anchor)) if paths.collapse && *value == event.value => *is_anchor |= anchor,
                _ => places.push((event.value, anchor)),
            }
        }
        if paths.backward {
            places.reverse();
        }
        let start = match paths.anchor {
            Some(_) => places.iter().position(|(_, anchor)| *anchor),
            None => Some(0),
        };
        let Some(start) = start else { continue };
        let walk = places[start..].iter().take(paths.steps as usize);
        let walk: Vec<u64> = walk.map(|(value, _)| *value).collect();
        for (step, pair) in (1..).zip(walk.windows(2)) {
            let (from, to) = if paths.backward { (pair[1], pair[0]) } else { (pair[0], pair[1]) };
            *ways.0.entry((step, from, to)).or_default() += 1;
        }
    }
}

/// Step, from, to (none is the rest), count.
type Shown = Vec<(u32, Option<u64>, Option<u64>, u64)>;

/// The most used ways of each step by themselves; the rest of a step is one.
fn shown(ways: Ways, limit: usize) -> Shown {
    let mut all: Vec<((u32, u64, u64), u64)> = ways.0.into_iter().collect();
    all.sort_unstable_by_key(|((step, from, to), count)| (*step, std::cmp::Reverse(*count), *from, *to));
    let mut out = Shown::new();
    for step in all.chunk_by(|a, b| a.0.0 == b.0.0) {
        out.extend(step.iter().take(limit).map(|((step, from, to), count)| (*step, Some(*from), Some(*to), *count)));
        let rest: u64 = step.iter().skip(limit).map(|(_, count)| count).sum();
        if rest > 0 {
            out.push((step[0].0.0, None, None, rest));
        }
    }
    out
}

/// A way as it is shown.
struct Way {
    step: u32,
    source: String,
    target: String,
    count: u64,
}

fn named(mut shown: Shown, names: &HashMap<u64, String>) -> Vec<Way> {
    let rest = apart(OTHER, names.values().map(String::as_str));
    let name = |hash: Option<u64>| match hash {
        Some(hash) => names.get(&hash).cloned().unwrap_or_default(),
        None => rest.clone(),
    };
    // By name, not by hash, where counts are the same.
    shown.sort_by_cached_key(|(step, from, to, count)| {
        (*step, from.is_none(), std::cmp::Reverse(*count), name(*from), name(*to))
    });
    let way = |(step, from, to, count)| Way { step, source: name(from), target: name(to), count };
    shown.iter().copied().map(way).collect()
}

fn frame(ways: &[Way], backward: bool) -> Frame {
    let mut frame = Frame::new("paths");
    frame.push(Column::whole("step", ways.iter().map(|way| Some(i64::from(way.step))).collect()));
    frame.push(Column::text("source", ways.iter().map(|way| Some(way.source.clone())).collect()));
    frame.push(Column::text("target", ways.iter().map(|way| Some(way.target.clone())).collect()));
    frame.push(Column::whole("count", ways.iter().map(|way| i64::try_from(way.count).ok()).collect()));
    // Tells a panel on which side the anchor is.
    frame.with_meta("custom", serde_json::json!({"direction": if backward { "backward" } else { "forward" }}))
}
