//! The actors of one bar.

use std::collections::HashMap;

use crate::{
    events::actor::Actor,
    frame::{Column, Frame},
    questions::funnel::{model::Funnel, tally::ListedActor},
};

/// A row an actor.
pub fn actors(funnel: &Funnel, actors: &[ListedActor], ids: &HashMap<u64, String>) -> Frame {
    let mut frame = Frame::new("funnel");
    let title = match funnel.by {
        Actor::Visitor => "visitor",
        Actor::User => "user_id",
        Actor::Session => "session_id",
    };
    frame.push(Column::string(title, actors.iter().map(|listed| ids.get(&listed.actor).cloned()).collect()));
    frame.push(Column::time("entered", actors.iter().map(|listed| Some(listed.entered_ms)).collect()));
    let last_step = |listed: &ListedActor| Some(funnel.step_name(listed.chain.last()?.step));
    frame.push(Column::string("last_step", actors.iter().map(last_step).collect()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds within a year fit an f64 exactly")]
    let seconds = |listed: &ListedActor| Some((listed.chain.last()?.at_ms - listed.entered_ms) as f64 / 1000.0);
    frame.push(Column::number("time_s", actors.iter().map(seconds).collect()).with_unit("s"));
    frame
}
