//! Single events as frames.

use super::statement::Line;
use crate::frame::{Column, Frame};

/// A row an event, with all that is read of it.
pub fn table(lines: &[Line]) -> Frame {
    let mut frame = Frame::new("events");
    frame.push(Column::time("time", lines.iter().map(|line| Some(line.at_ms)).collect()));
    type Pick = fn(&Line) -> &String;
    let columns: [(&str, Pick); 10] = [
        ("event", |line| &line.event),
        ("path", |line| &line.path),
        ("title", |line| &line.title),
        ("visitor", |line| &line.visitor),
        ("user_id", |line| &line.user_id),
        ("session_id", |line| &line.session_id),
        ("referrer_source", |line| &line.referrer_source),
        ("country", |line| &line.country),
        ("browser", |line| &line.browser),
        ("properties", |line| &line.properties),
    ];
    for (name, pick) in columns {
        frame.push(Column::string(name, lines.iter().map(|line| Some(pick(line).clone())).collect()));
    }
    frame
}

/// Grafana reads the columns time, title, text and tags.
pub fn annotations(lines: &[Line]) -> Frame {
    let mut frame = Frame::new("annotations");
    frame.push(Column::time("time", lines.iter().map(|line| Some(line.at_ms)).collect()));
    frame.push(Column::string("title", lines.iter().map(|line| Some(line.event.clone())).collect()));
    let text = |line: &Line| match line.properties.as_str() {
        "{}" => line.path.clone(),
        properties => format!("{} {properties}", line.path),
    };
    frame.push(Column::string("text", lines.iter().map(|line| Some(text(line))).collect()));
    frame.push(Column::string("tags", lines.iter().map(|line| Some(line.event.clone())).collect()));
    frame
}
