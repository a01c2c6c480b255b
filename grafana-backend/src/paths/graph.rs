//! Paths as Grafana's node graph wants them: a frame of nodes, a frame of edges.

use std::collections::BTreeMap;

use super::Way;
use crate::frame::{Column, Frame};

/// A place at a step, `0` being the anchor; the same place at another step is another node.
type Node<'w> = (i64, &'w str);

/// Nodes and edges.
pub fn frames(ways: &[Way], backward: bool, executed: &str) -> Vec<Frame> {
    let ends = |way: &Way| {
        let step = i64::from(way.step);
        if backward { (-step, 1 - step) } else { (step - 1, step) }
    };
    // Whoever leaves a place has come to it before, but for the first.
    let mut into: BTreeMap<Node<'_>, u64> = BTreeMap::new();
    let mut out: BTreeMap<Node<'_>, u64> = BTreeMap::new();
    for way in ways {
        let (from, to) = ends(way);
        *out.entry((from, &way.source)).or_default() += way.count;
        *into.entry((to, &way.target)).or_default() += way.count;
    }
    let mut nodes = into;
    for (node, count) in out {
        let known = nodes.entry(node).or_default();
        *known = count.max(*known);
    }
    let id = |(step, name): Node<'_>| format!("{step} {name}");
    let whole = |count: u64| i64::try_from(count).ok();

    let mut frame = Frame::new("nodes");
    frame.push(Column::text("id", nodes.keys().map(|node| Some(id(*node))).collect()));
    frame.push(Column::text("title", nodes.keys().map(|(_, name)| Some((*name).to_owned())).collect()));
    frame.push(Column::whole("mainstat", nodes.values().map(|count| whole(*count)).collect()));

    let mut edges = Frame::new("edges");
    let of = |way: &Way| {
        let (from, to) = ends(way);
        (id((from, &way.source)), id((to, &way.target)))
    };
    edges.push(Column::text(
        "id",
        ways.iter()
            .map(|way| {
                Some({
                    let (from, to) = of(way);
                    format!("{from} > {to}")
                })
            })
            .collect(),
    ));
    edges.push(Column::text("source", ways.iter().map(|way| Some(of(way).0)).collect()));
    edges.push(Column::text("target", ways.iter().map(|way| Some(of(way).1)).collect()));
    edges.push(Column::whole("mainstat", ways.iter().map(|way| whole(way.count)).collect()));
    [frame, edges]
        .map(|frame| frame.with_meta("preferredVisualisationType", "nodeGraph").with_executed(executed.to_owned()))
        .into()
}
