//! Paths as Grafana's node graph wants them: a frame of nodes, a frame of edges.

use std::collections::BTreeMap;

use super::{model::Direction, shown::Way};
use crate::{
    frame::{Column, Frame},
    numbers::integer,
};

/// A place at a step, `0` being the anchor; the same place at another step is another node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node<'w> {
    step: i64,
    name: &'w str,
}

impl Node<'_> {
    fn id(self) -> String {
        format!("{} {}", self.step, self.name)
    }
}

/// A way between nodes.
struct Edge<'w> {
    from: Node<'w>,
    to: Node<'w>,
    count: u64,
}

impl<'w> Edge<'w> {
    fn of(way: &'w Way, direction: Direction) -> Self {
        let step = i64::from(way.step);
        let (from, to) = match direction {
            Direction::Forward => (step - 1, step),
            Direction::Backward => (-step, 1 - step),
        };
        let (from, to) = (Node { step: from, name: &way.source }, Node { step: to, name: &way.target });
        Self { from, to, count: way.count }
    }
}

/// Nodes and edges.
pub fn frames(ways: &[Way], direction: Direction, executed: &str) -> Vec<Frame> {
    let edges: Vec<Edge<'_>> = ways.iter().map(|way| Edge::of(way, direction)).collect();
    [node_frame(&nodes(&edges)), edge_frame(&edges)]
        .map(|frame| frame.with_meta("preferredVisualisationType", "nodeGraph").with_executed(executed.to_owned()))
        .into()
}

/// How often each node was come to or left, whichever is more: whoever leaves a place has come to it
/// before, but for the first.
fn nodes<'w>(edges: &[Edge<'w>]) -> BTreeMap<Node<'w>, u64> {
    let mut nodes: BTreeMap<Node<'w>, u64> = BTreeMap::new();
    let mut left: BTreeMap<Node<'w>, u64> = BTreeMap::new();
    for edge in edges {
        *left.entry(edge.from).or_default() += edge.count;
        *nodes.entry(edge.to).or_default() += edge.count;
    }
    for (node, count) in left {
        let known = nodes.entry(node).or_default();
        *known = count.max(*known);
    }
    nodes
}

fn node_frame(nodes: &BTreeMap<Node<'_>, u64>) -> Frame {
    let mut frame = Frame::new("nodes");
    frame.push(Column::string("id", nodes.keys().map(|node| Some(node.id())).collect()));
    frame.push(Column::string("title", nodes.keys().map(|node| Some(node.name.to_owned())).collect()));
    frame.push(Column::integer("mainstat", nodes.values().map(|count| Some(integer(*count))).collect()));
    frame
}

fn edge_frame(edges: &[Edge<'_>]) -> Frame {
    let mut frame = Frame::new("edges");
    let id = |edge: &Edge<'_>| Some(format!("{} > {}", edge.from.id(), edge.to.id()));
    frame.push(Column::string("id", edges.iter().map(id).collect()));
    frame.push(Column::string("source", edges.iter().map(|edge| Some(edge.from.id())).collect()));
    frame.push(Column::string("target", edges.iter().map(|edge| Some(edge.to.id())).collect()));
    frame.push(Column::integer("mainstat", edges.iter().map(|edge| Some(integer(edge.count))).collect()));
    frame
}
