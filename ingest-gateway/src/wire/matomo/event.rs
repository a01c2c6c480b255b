//! One event of Matomo's, as a native one.

use vector_components::{
    Rejection,
    rejection::{Reason, shown},
    timestamp,
    validate::{ID_BYTES_MAX, URL_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use crate::wire::{
    Said,
    fields::Fields,
    translate::{self, NativeEvent, Written},
};

/// Without a key, a time of one's own may lie so far back: applications send what they kept while they were offline.
const KEPT_MS_MAX: i64 = 86_400_000;
/// A browser's plugins and clock, the tracker's own book-keeping, and what decides about the answer.
const FORGOTTEN: &[&str] = &[
    "rec",
    "apiv",
    "r",
    "rand",
    "h",
    "m",
    "s",
    "cookie",
    "fla",
    "java",
    "dir",
    "qt",
    "realp",
    "pdf",
    "wma",
    "gears",
    "ag",
    "cs",
    "_idts",
    "_idvc",
    "_idn",
    "_viewts",
    "_refts",
    "_ref",
    "_id",
    "cid",
    "send_image",
    "queuedtracking",
    "bots",
    "new_visit",
    "uadata",
    "debug",
    "idsite",
    "token_auth",
    "ca",
    "ping",
    "idts",
    "cdt",
    "cip",
    "ua",
    "action_name",
    "url",
    "urlref",
    "bw_bytes",
    "uid",
];
/// Properties under clearer names.
const PROPERTIES: &[(&str, &str)] = &[
    ("e_c", "category"),
    ("e_n", "name"),
    ("e_v", "value"),
    ("search_cat", "search_category"),
    ("c_n", "content_name"),
    ("c_p", "content_piece"),
    ("c_t", "content_target"),
    ("c_i", "content_interaction"),
    ("idgoal", "goal"),
    ("ec_id", "order_id"),
    ("ec_st", "subtotal"),
    ("ec_tx", "tax"),
    ("ec_sh", "shipping"),
    ("ec_dt", "discount"),
    ("ec_items", "items"),
    ("cdo", "queued_s"),
    ("_rcn", "campaign_name"),
    ("_rck", "campaign_keyword"),
];
/// What tells a type, in Matomo's order; the last is anything else.
const TYPES: [(&str, &str); 7] = [
    ("ping", "ping"),
    ("search", "search"),
    ("download", "download"),
    ("link", "outbound_link"),
    ("c_i", "content_interaction"),
    ("c_n", "content_impression"),
    ("ca", "custom_action"),
];

/// Who sends a request, as far as an event is understood by it.
pub struct Sender<'a> {
    /// With a key, which is still to be checked; if it is wrong, nothing of the request is stored.
    pub has_key: bool,
    /// The page that asked for a picture.
    pub page: Option<&'a str>,
    pub received_at_ms: i64,
}

/// The native event, and what it says of the person.
pub fn translated(mut sent: Fields<'_>, sender: &Sender<'_>) -> (Written, Said) {
    let ip = sent.peek("cip", ID_BYTES_MAX).and_then(|ip| ip.parse().ok());
    let said = Said { ip, user_agent: sent.text("ua", USER_AGENT_BYTES_MAX) };
    (check(&sent, sender).and_then(|()| written(sent, sender)), said)
}

/// What Matomo itself refuses.
fn check(sent: &Fields<'_>, sender: &Sender<'_>) -> Result<(), Rejection> {
    if !sent.is("rec", "1") {
        let message = "rec is not 1: only requests with rec=1 are recorded";
        return Err(Rejection::new(Reason::MissingField, "rec", message));
    }
    if sender.has_key {
        return Ok(());
    }
    if sent.peek("cip", ID_BYTES_MAX).is_some() {
        let message = "cip is an address of somebody else, which is taken with a write key in token_auth only";
        return Err(Rejection::new(Reason::InvalidValue, "cip", message));
    }
    let Some(text) = sent.peek("cdt", ID_BYTES_MAX) else { return Ok(()) };
    let is_old = timestamp::parse_text_ms(&text).is_some_and(|ms| sender.received_at_ms - ms > KEPT_MS_MAX);
    if is_old {
        let message = format!(
            "cdt {} is more than 24 hours ago, which is taken with a write key in token_auth only",
            shown(&text)
        );
        return Err(Rejection::new(Reason::TimestampOutOfRange, "cdt", message));
    }
    Ok(())
}

fn written(mut sent: Fields<'_>, sender: &Sender<'_>) -> Written {
    let mut event = NativeEvent::default();
    event.set("event_id", id(&sent)).set("timestamp", sent.take("cdt"));
    kind(&mut event, &mut sent);
    event.set("user_id", sent.id("uid"));
    event.set("anonymous_id", sent.id("cid")).set("anonymous_id", sent.id("_id"));
    event.page(&mut sent, [("title", "action_name"), ("url", "url"), ("referrer", "urlref")]).locale(&mut sent, "lang");
    event.set("url", sender.page.filter(|page| page.len() <= URL_BYTES_MAX));
    event.set("screen", sent.size("res"));
    // Matomo's site has a currency, its requests have none; some are sent by people who know that.
    event.set("revenue", sent.revenue("revenue", "currency", None));
    sent.forget(FORGOTTEN);
    sent.rename(PROPERTIES);
    Ok(event.with(sent).finish())
}

/// An event of Matomo's has the name of its action; an order is a purchase, as everywhere.
fn kind<'b>(event: &mut NativeEvent<'b>, sent: &mut Fields<'b>) {
    let is_set = |name: &str| sent.word(name).is_some_and(|word| !matches!(word, "" | "0" | "null" | "false"));
    let goal = match sent.word("idgoal") {
        None | Some("") => None,
        Some("0") if is_set("ec_id") => Some("purchase"),
        Some("0") => Some("cart_update"),
        Some(_) => Some("goal"),
    };
    let known = TYPES.iter().find(|(name, _)| is_set(name)).map(|(_, ours)| *ours);
    let ping = known.filter(|known| *known == "ping");
    if goal.is_some_and(|goal| goal != "goal") {
        sent.forget(&["idgoal"]);
    }
    event.set("type", goal).set("type", ping).set("type", sent.take("e_a"));
    event.set("type", known).set("type", Some("page_view"));
}

/// The tracker draws a number for each request, by which one that is sent again is told from another one.
/// What differs between the two is the form of the answer that is asked for.
fn id(sent: &Fields<'_>) -> Option<String> {
    sent.peek("r", ID_BYTES_MAX).or_else(|| sent.peek("rand", ID_BYTES_MAX))?;
    let mut content = String::new();
    let is_content = |(name, _): &(&str, _)| !matches!(*name, "send_image" | "cdo" | "idsite" | "token_auth");
    for (name, value) in sent.iter().filter(is_content) {
        content.extend([name, "=", value.get(), "\n"]);
    }
    Some(translate::event_id(&content).to_string())
}
