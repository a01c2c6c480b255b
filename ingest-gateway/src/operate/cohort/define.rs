//! A cohort by what its persons did. The data source reads the filter at each query and says what is wrong in it; what
//! it could never be is refused here.

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{
    Definition, Named,
    store::{Cohort, Cohorts},
};
use crate::operate::Tables;

/// Of a filter's text.
const DEFINITION_BYTES_MAX: usize = 65_536;
/// Levels of a filter, as in the data source.
const DEPTH_MAX: usize = 12;

/// Keeps the definition as it is given.
///
/// # Errors
/// If it is no filter of persons, the name is a list's, or ClickHouse refuses.
pub async fn run(definition: &Definition, tables: &Tables) -> anyhow::Result<()> {
    let Named { project, name } = &definition.cohort.named;
    check(&definition.filter)?;
    let change = |before: Option<Cohort>| {
        let before = before.unwrap_or_default();
        ensure!(!before.is_list(), "the cohort {name:?} is a list: remove it first, or define another");
        let description = definition.cohort.description.clone().unwrap_or(before.description);
        Ok(Cohort { description, definition: definition.filter.trim().to_owned(), ..Cohort::default() })
    };
    Cohorts::new(tables, project).change(name, change).await?;
    println!("the cohort {name:?} is defined");
    Ok(())
}

/// Takes the cohort away.
///
/// # Errors
/// If there is none, or ClickHouse refuses.
pub async fn remove(named: &Named, tables: &Tables) -> anyhow::Result<()> {
    let Named { project, name } = named;
    let change = |before: Option<Cohort>| {
        before.with_context(|| format!("there is no cohort {name:?} in the project {project:?}"))?;
        Ok(Cohort { is_removed: true, ..Cohort::default() })
    };
    Cohorts::new(tables, project).change(name, change).await?;
    println!("the cohort {name:?} is removed");
    Ok(())
}

fn check(filter: &str) -> anyhow::Result<()> {
    let bytes = filter.len();
    ensure!(bytes <= DEFINITION_BYTES_MAX, "--filter has {bytes} bytes, at most {DEFINITION_BYTES_MAX} are allowed");
    let json: Value = serde_json::from_str(filter).context("--filter is not JSON")?;
    check_node(&json, "filter", 0)
}

/// A tree of `all`, `any` and `not` with `did` at its ends.
fn check_node(json: &Value, place: &str, depth: usize) -> anyhow::Result<()> {
    ensure!(depth <= DEPTH_MAX, "{place}: it has more than {DEPTH_MAX} levels");
    let Value::Object(fields) = json else { bail!("{place}: an object is expected, not {json}") };
    if let Some(name) = ["field", "op", "value", "values"].into_iter().find(|name| fields.contains_key(*name)) {
        bail!(
            "{place}.{name}: a cohort is of persons, a condition on one event stands within did: \
             {{\"did\": {{\"events\": {{\"filter\": …}}}}}}"
        )
    }
    let mut fields = fields.iter();
    let (Some((kind, of)), None) = (fields.next(), fields.next()) else {
        bail!("{place}: one of did, all, any and not is expected")
    };
    match (kind.as_str(), of) {
        ("did", Value::Object(_)) => Ok(()),
        ("did", other) => bail!("{place}.did: an object is expected, not {other}"),
        ("not", of) => check_node(of, &format!("{place}.not"), depth + 1),
        ("all" | "any", Value::Array(of)) if !of.is_empty() => {
            let mut each = of.iter().enumerate();
            each.try_for_each(|(at, of)| check_node(of, &format!("{place}.{kind}[{at}]"), depth + 1))
        }
        ("all" | "any", _) => bail!("{place}.{kind}: a list of at least one is expected"),
        ("cohort", _) => bail!("{place}.cohort: a cohort is not defined by another: repeat what that one says"),
        (other, _) => bail!("{place}.{other}: one of did, all, any and not is expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_a_tree_of_what_persons_did() {
        for good in [
            r#"{"did": {}}"#,
            r#" {"all": [{"did": {"events": {"event": "buy"}, "days": 30}}, {"not": {"any": [{"did": {"atMost": 0}}]}}]}"#,
        ] {
            check(good).unwrap();
        }
        let deep = format!("{}{{\"did\": {{}}}}{}", r#"{"not": "#.repeat(13), "}".repeat(13));
        for (bad, expected) in [
            ("", "--filter is not JSON"),
            ("{} x", "--filter is not JSON"),
            ("[]", "filter: an object is expected, not []"),
            ("{}", "filter: one of did, all, any and not is expected"),
            (r#"{"did": 3}"#, "filter.did: an object is expected, not 3"),
            (r#"{"did": {}, "days": 3}"#, "filter: one of did, all, any and not is expected"),
            (r#"{"any": [{"did": {}}, {"cohort": "x"}]}"#, "filter.any[1].cohort: a cohort is not defined by another"),
            (r#"{"all": []}"#, "filter.all: a list of at least one is expected"),
            (r#"{"not": {"field": "country", "value": "DE"}}"#, "filter.not.field: a cohort is of persons"),
            (r#"{"not": {"days": 1}}"#, "filter.not.days: one of did, all, any and not is expected"),
            (&deep, "filter.not.not.not.not.not.not.not.not.not.not.not.not.not: it has more than 12 levels"),
        ] {
            let error = check(bad).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{bad}: {error}");
        }
        let long = format!(r#"{{"did": {{"x": "{}"}}}}"#, "x".repeat(DEFINITION_BYTES_MAX));
        assert!(check(&long).unwrap_err().to_string().contains("at most 65536 are allowed"));
    }
}
