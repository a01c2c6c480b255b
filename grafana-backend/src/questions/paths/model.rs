//! What is asked about paths, checked. The rules are in docs/queries/paths.md.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    check::within,
    error::QueryError,
    events::{
        actor::Actor,
        dimension::Dimension,
        entry::Entries,
        event_filter::{EventFilter, EventJson},
        filter::json::FilterJson,
        one_of::OneOf,
    },
    time::comparison::{CompareJson, Comparison},
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
    /// With an earlier range; a graph shows one range.
    pub compare: Option<Comparison>,
}

impl Paths {
    /// What it reads of the sessions' entries.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let anchor = self.anchor.iter().map(EventFilter::entries);
        anchor.chain([self.node.entries(), self.filter.entries()]).collect()
    }
}

/// Which way a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// On from the anchor.
    #[default]
    Forward,
    /// Back from it.
    Backward,
}

/// Ways from place to place: docs/queries/paths.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PathsJson {
    /// What a place is: a column, or `property:<name>`.
    node: String,
    /// The events that are places, by name.
    event: OneOf,
    /// The same by path; `*` matches any string.
    path: OneOf,
    /// What must hold of them besides.
    event_filter: FilterJson,
    /// Where paths begin, or end if they go backward; the first or last place of a visit if absent.
    anchor: Option<EventJson>,
    /// Which way from the anchor.
    direction: Direction,
    /// Places of a path, the anchor among them.
    #[schemars(range(min = *STEPS.start(), max = *STEPS.end()))]
    steps: u32,
    /// Ways from step to step that are shown by themselves.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: u32,
    /// The same place twice in a row is one.
    collapse: bool,
    /// Within what a path stays.
    by: Actor,
    /// The form of the answer.
    result: Form,
    /// With an earlier range; ways only.
    compare: CompareJson,
}

/// The form in which paths are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PathsResult")]
enum Form {
    /// A row a way.
    #[default]
    Ways,
    /// Nodes and edges, for Grafana's node graph.
    Graph,
}

impl Default for PathsJson {
    fn default() -> Self {
        Self {
            node: "path".into(),
            event: OneOf::default(),
            path: OneOf::default(),
            event_filter: FilterJson::default(),
            anchor: None,
            direction: Direction::Forward,
            steps: STEPS_DEFAULT,
            limit: LIMIT_DEFAULT,
            collapse: true,
            by: Actor::Session,
            result: Form::Ways,
            compare: CompareJson::default(),
        }
    }
}

impl PathsJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self) -> Result<Paths, QueryError> {
        let graph = self.result == Form::Graph;
        Ok(Paths {
            node: Dimension::parse(&self.node).map_err(|e| e.at("node"))?,
            steps: within("steps", self.steps, STEPS)?,
            limit: within("limit", self.limit, 1..=LIMIT_MAX)?,
            direction: self.direction,
            graph,
            compare: Comparison::parse(&self.compare)?.filter(|_| !graph),
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            anchor: self.anchor.map(|anchor| anchor.check("anchor")).transpose()?,
            collapse: self.collapse,
            by: self.by,
        })
    }
}
