//! A dropped event with the fields that an operator changes; all others stay as they were sent, byte for byte.

use std::{borrow::Cow, collections::BTreeMap};

use clap::Args;
use serde_json::value::RawValue;

/// What to change of each event before it is judged.
#[derive(Args, Clone, Debug, Default)]
pub struct Mending {
    /// Set a field of the event, as name=JSON: `--set 'type="click"'`; can be repeated.
    #[arg(long, value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Leave a field out; can be repeated.
    #[arg(long)]
    pub remove: Vec<String>,
}

impl Mending {
    /// The event with the changes; none if it is no object.
    pub fn apply(&self, event: &str) -> Option<String> {
        if self.set.is_empty() && self.remove.is_empty() {
            return Some(event.to_owned());
        }
        let mut fields: BTreeMap<Cow<'_, str>, Cow<'_, RawValue>> = serde_json::from_str(event).ok()?;
        for name in &self.remove {
            fields.remove(name.as_str());
        }
        for (name, json) in &self.set {
            fields.insert(Cow::Borrowed(name), Cow::Owned(RawValue::from_string(json.clone()).ok()?));
        }
        serde_json::to_string(&fields).ok()
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, json) = text.split_once('=').ok_or("give it as name=JSON")?;
    match serde_json::from_str::<&RawValue>(json) {
        Ok(_) => Ok((name.to_owned(), json.to_owned())),
        Err(error) => Err(format!("what is set is not JSON (a text stands in quotes): {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_not_named_stay_as_they_were_sent() {
        let mending = Mending {
            set: vec![assignment(r#"type="click""#).unwrap(), assignment("n=[1, 2]").unwrap()],
            remove: vec!["revenue".to_owned(), "absent".to_owned()],
        };
        let event = r#"{"type":7,"revenue":{},"order":12345678901234567890123,"title":"cut \ud83d"}"#;
        let mended = r#"{"n":[1, 2],"order":12345678901234567890123,"title":"cut \ud83d","type":"click"}"#;
        assert_eq!(mending.apply(event).unwrap(), mended);
        assert_eq!(mending.apply("[1]"), None);
        assert_eq!(Mending::default().apply("[1]").unwrap(), "[1]");
        assert!(assignment("type").is_err() && assignment("type=click").unwrap_err().contains("in quotes"));
    }
}
