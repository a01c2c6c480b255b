//! One event of Snowplow's, as a native one.

use serde_json::value::to_raw_value;
use vector_components::validate::{ID_BYTES_MAX, PATH_BYTES_MAX, TYPE_BYTES_MAX, USER_AGENT_BYTES_MAX};

use super::described::{Described, by_name, entities, inner, take};
use crate::wire::{
    Said,
    fields::Fields,
    translate::{self, NativeEvent, Written},
};

/// What Snowplow's short names of types are here; of the others the event itself says what it is.
const TYPES: [(&str, &str); 4] =
    [("pv", "page_view"), ("pp", "page_ping"), ("tr", "transaction"), ("ti", "transaction_item")];
/// Properties under their full names.
const PROPERTIES: &[(&str, &str)] = &[
    ("p", "platform"),
    ("vid", "session_index"),
    ("tz", "timezone"),
    ("vp", "viewport"),
    ("ds", "document"),
    ("se_ca", "category"),
    ("se_la", "label"),
    ("se_pr", "property"),
    ("se_va", "value"),
    ("pp_mix", "scroll_x_min"),
    ("pp_max", "scroll_x_max"),
    ("pp_miy", "scroll_y_min"),
    ("pp_may", "scroll_y_max"),
    ("tr_id", "order_id"),
    ("ti_id", "order_id"),
    ("ti_sk", "sku"),
    ("ti_pr", "price"),
    ("ti_qu", "quantity"),
];
/// Of no use once they were read, or about the browser's make, by which people are recognized.
const FORGOTTEN: &[&str] = &["e", "stm", "tv", "tna", "aid", "cs", "cd", "cookie", "fp", "mac", "nuid", "tnuid", "dtm"];
/// A browser's plugins, one a letter or two.
const PLUGINS: &[&str] = &["f_pdf", "f_qt", "f_realp", "f_wma", "f_dir", "f_fla", "f_java", "f_gears", "f_ag"];

/// The native event, and what it says of the person.
pub fn translated(mut sent: Fields<'_>, is_anonymous: bool) -> (Written, Said) {
    let ip = sent.text("ip", ID_BYTES_MAX).and_then(|ip| ip.parse().ok());
    let user_agent = sent.text("ua", USER_AGENT_BYTES_MAX);
    sent.forget(&["ip", "ua"]);
    (written(sent, is_anonymous), Said { ip, user_agent })
}

fn written(mut fields: Fields<'_>, is_anonymous: bool) -> Written {
    // They outlive what borrows from them.
    let own = take(&mut fields, "ue_px", "ue_pr")?;
    let around = take(&mut fields, "cx", "co")?;
    let own = own.as_deref().map(|json| inner(json, "ue_px")).transpose()?;
    let around = around.as_deref().map(entities).transpose()?.unwrap_or_default();
    let named = by_name(&around);
    let schema = own.as_ref().and_then(|own| to_raw_value(&own.schema).ok());
    let mut sent = fields;
    let mut event = NativeEvent::default();

    let properties = own.as_ref().map(data).unwrap_or_default();
    kind(&mut event, &mut sent, own.as_ref(), &properties);
    let id = sent.text("eid", ID_BYTES_MAX).map(|id| translate::event_id(&id).to_string());
    event.set("event_id", id).set("timestamp", sent.take("ttm")).set("timestamp", sent.take("dtm"));
    person(&mut event, &mut sent, &around, is_anonymous);
    event.page(&mut sent, [("url", "url"), ("referrer", "refr"), ("title", "page")]).locale(&mut sent, "lang");
    event.set("screen", sent.size("res")).set("revenue", sent.revenue("tr_tt", "tr_cu", None));
    for application in around.iter().filter(|entity| entity.name() == "application") {
        event.app_version(&mut data(application), "version");
    }

    sent.forget(FORGOTTEN);
    sent.forget(PLUGINS);
    sent.rename(PROPERTIES);
    sent.join("", properties);
    sent.put("schema", schema.as_deref());
    for (name, value) in &named {
        sent.put(&format!("context.{name}"), Some(value));
    }
    Ok(event.with(sent).finish())
}

/// A described value's fields; what is no object has none.
fn data<'a>(described: &Described<'a>) -> Fields<'a> {
    Fields::read(described.data).unwrap_or_default()
}

/// The event's type, and the page of a screen.
fn kind<'b>(event: &mut NativeEvent<'b>, sent: &mut Fields<'b>, own: Option<&Described<'b>>, properties: &Fields<'b>) {
    let short = sent.text("e", TYPE_BYTES_MAX).unwrap_or_default();
    let known = TYPES.iter().find(|(theirs, _)| *theirs == short).map(|(_, ours)| *ours);
    match (short.as_str(), own) {
        ("ue", Some(own)) if own.name() == "screen_view" => {
            event.set("type", Some("screen")).set("path", properties.peek("name", PATH_BYTES_MAX));
        }
        ("ue", Some(own)) => drop(event.set("type", Some(own.name()))),
        ("se", _) => drop(event.set("type", sent.take("se_ac"))),
        // Nobody can say what it is: it is refused for its missing type.
        ("ue" | "", None) => {}
        _ => drop(event.set("type", known).set("type", Some(short))),
    }
}

/// Who it was. The `client_session` is that of applications, which send no cookie's ids.
fn person<'b>(event: &mut NativeEvent<'b>, sent: &mut Fields<'b>, around: &[Described<'b>], is_anonymous: bool) {
    let session = around.iter().find(|entity| entity.name() == "client_session");
    let mut session = session.map(data).unwrap_or_default();
    event.set("user_id", sent.id("uid"));
    event.set("session_id", sent.id("sid")).set("session_id", session.id("sessionId"));
    event.set("anonymous_id", sent.id("duid")).set("anonymous_id", session.id("userId"));
    if !is_anonymous {
        event.set("anonymous_id", sent.id("tnuid")).set("anonymous_id", sent.id("nuid"));
    }
}
