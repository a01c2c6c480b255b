//! The output `dropped`: the unchanged event with the reason next to it, so that a sink can store it
//! as a dead letter that can be replayed.

use std::collections::HashMap;

use vector::{
    config::{DataType, OutputId, TransformOutput},
    event::{Event, LogEvent, Value},
    schema::Definition,
};
use vector_lib::{internal_event::emit, lookup::event_path, transform::TransformOutputsBuf};
use vrl::{
    path::{OwnedTargetPath, PathPrefix},
    value::{Kind, ObjectMap},
};

use crate::{cause::Cause, internal_events::FootfallEventDropped};

/// The output's name.
pub const DROPPED: &str = "dropped";

/// Counts the event and sends it to `dropped`. Its finalizers go with it: it counts as delivered once
/// the sink behind `dropped` has it.
pub fn push(mut log: LogEvent, cause: &Cause, output: &mut TransformOutputsBuf) {
    emit(FootfallEventDropped { cause });
    let place = |name| log.get(event_path!(name)).map(|value| value.to_string_lossy().into_owned());
    let origin: Option<Vec<String>> = ["topic", "partition", "offset"].map(place).into_iter().collect();
    if log.as_map().is_none() {
        // In the Vector namespace, the message is the whole event.
        let message = log.value().clone();
        *log.value_mut() = Value::Object(ObjectMap::from([("message".into(), message)]));
    }
    // A Kafka sink would write the string `<null>` as the key of a message without one.
    if log.get(event_path!("message_key")).is_some_and(Value::is_null) {
        log.remove(event_path!("message_key"));
    }
    log.insert(event_path!("reason"), cause.reason);
    log.insert(event_path!("field"), cause.field.as_str());
    log.insert(event_path!("detail"), cause.message.as_str());
    log.insert(event_path!("headers"), headers(cause, origin));
    output.push(Some(DROPPED), Event::Log(log));
}

/// Headers for a Kafka sink, which leave the message's value unchanged.
fn headers(cause: &Cause, origin: Option<Vec<String>>) -> Value {
    let text = |text: &str| Value::from(text.to_owned());
    let mut headers = ObjectMap::from([
        ("footfall-reason".into(), text(cause.reason)),
        ("footfall-field".into(), text(&cause.field)),
        ("footfall-detail".into(), text(&cause.message)),
    ]);
    if let Some(origin) = origin {
        headers.insert("footfall-origin".into(), text(&origin.join("/")));
    }
    Value::Object(headers)
}

/// The transforms' outputs. Both carry `message`, which a codec such as `raw_message` writes.
pub fn outputs(input_definitions: &[(OutputId, Definition)]) -> Vec<TransformOutput> {
    let message = OwnedTargetPath { prefix: PathPrefix::Event, path: vrl::owned_value_path!("message") };
    let definition = Definition::any().with_event_field(&message.path, Kind::bytes(), Some("message"));
    let definitions: HashMap<_, _> =
        input_definitions.iter().map(|(output, _)| (output.clone(), definition.clone())).collect();
    vec![
        TransformOutput::new(DataType::Log, definitions.clone()),
        TransformOutput::new(DataType::Log, definitions).with_port(DROPPED),
    ]
}
