//! What is asked about paths, checked. The rules are in docs/queries/paths.md.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    check::{one_of, within},
    error::QueryError,
    events::{
        actor::Actor,
        dimension::Dimension,
        event_filter::{EventFilter, EventJson},
        one_of::OneOf,
    },
};

/// Places of one path.
const STEPS: RangeInclusive<u32> = 2..=20;
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
    /// Where paths begin, or end if they go backward; none is the first or last of a visit.
    pub anchor: Option<EventFilter>,
    /// Which way from the anchor.
    pub direction: Direction,
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

/// Which way a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// On from the anchor.
    Forward,
    /// Back from it.
    Backward,
}

/// By their names in a query.
const DIRECTIONS: [(&str, Direction); 2] = [("forward", Direction::Forward), ("backward", Direction::Backward)];

impl Direction {
    /// Its name in a query.
    pub fn name(self) -> &'static str {
        DIRECTIONS.iter().find(|(_, direction)| *direction == self).map_or("", |(name, _)| name)
    }
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PathsJson {
    node: String,
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    anchor: Option<EventJson>,
    direction: String,
    steps: Option<u32>,
    limit: Option<u32>,
    collapse: Option<bool>,
    by: Option<Actor>,
    result: String,
}

impl PathsJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self) -> Result<Paths, QueryError> {
        let node = if self.node.is_empty() { "path" } else { &self.node };
        Ok(Paths {
            node: Dimension::parse(node).map_err(|e| e.at("node"))?,
            steps: within("steps", self.steps.unwrap_or(STEPS_DEFAULT), STEPS)?,
            limit: within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)?,
            direction: one_of("direction", &self.direction, Direction::Forward, &DIRECTIONS)?,
            graph: one_of("result", &self.result, false, &[("ways", false), ("graph", true)])?,
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            anchor: self.anchor.map(|anchor| anchor.check("anchor")).transpose()?,
            collapse: self.collapse.unwrap_or(true),
            by: self.by.unwrap_or(Actor::Session),
        })
    }
}
