//! The tree out of its JSON form, with the place of whatever is wrong in it.

use serde_json::{Map, Value};

use super::{
    Filter,
    json::Operator,
    test::{Comparison, Condition, Test},
    tree::Tree,
    values,
};
use crate::{check::meant, error::QueryError, events::dimension::Dimension, json};

/// Nodes of one query's filters.
pub const NODES_MAX: usize = 500;
const DEPTH_MAX: usize = 12;

/// Reads the JSON form: `{"all": […]}`, `{"any": […]}`, `{"not": …}` or
/// `{"field": …, "op": …, "value": …}`; null is no condition.
///
/// # Errors
/// Names the place and what is wrong there.
pub fn read(json: &Value, place: &str) -> Result<Filter, QueryError> {
    read_with(json, place, |of, place| {
        let message = match of {
            OfPerson::Did(_) => "what a person did is asked in the query's own filter, not in one of single events",
            OfPerson::Cohort(_) => "a cohort is named in the query's own filter, not in one of single events",
        };
        Err(QueryError::invalid(place, message))
    })
}

/// A condition on an event's person, not yet read.
#[derive(Debug, Clone, Copy)]
pub enum OfPerson<'j> {
    /// `{"did": …}`
    Did(&'j Value),
    /// `{"cohort": …}`
    Cohort(&'j Value),
}

/// The same, with `person` for the conditions on persons.
///
/// # Errors
/// Names the place and what is wrong there.
pub fn read_with<L: From<Condition>>(
    json: &Value,
    place: &str,
    person: impl FnMut(OfPerson<'_>, &str) -> Result<Tree<L>, QueryError>,
) -> Result<Tree<L>, QueryError> {
    Reader { nodes: 0, person }.node(json, place, 0)
}

struct Reader<P> {
    nodes: usize,
    person: P,
}

impl<P> Reader<P> {
    fn node<L: From<Condition>>(&mut self, json: &Value, place: &str, depth: usize) -> Result<Tree<L>, QueryError>
    where
        P: FnMut(OfPerson<'_>, &str) -> Result<Tree<L>, QueryError>,
    {
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            let message = format!("it has more than {DEPTH_MAX} levels or {NODES_MAX} nodes");
            return Err(QueryError::invalid(place, message));
        }
        let object = match json {
            Value::Null => return Ok(Tree::default()),
            Value::Object(object) if object.is_empty() => return Ok(Tree::default()),
            Value::Object(object) => object,
            other => return Err(QueryError::invalid(place, format!("an object is expected, not {other}"))),
        };
        check_fields(object, place)?;
        if let Some(list) = object.get("all") {
            return self.list(list, &format!("{place}.all"), depth).map(Tree::All);
        }
        if let Some(list) = object.get("any") {
            return self.list(list, &format!("{place}.any"), depth).map(Tree::Any);
        }
        if let Some(json) = object.get("not") {
            return Ok(Tree::Not(Box::new(self.node(json, &format!("{place}.not"), depth + 1)?)));
        }
        if let Some(json) = object.get("did") {
            return (self.person)(OfPerson::Did(json), &format!("{place}.did"));
        }
        if let Some(json) = object.get("cohort") {
            return (self.person)(OfPerson::Cohort(json), &format!("{place}.cohort"));
        }
        let field = object.get("field").and_then(Value::as_str).unwrap_or_default();
        if field.is_empty() {
            return Err(QueryError::invalid(place, "it has none of all, any, not, did, cohort and field"));
        }
        let dimension = Dimension::parse(field).map_err(|error| error.at(&format!("{place}.field")))?;
        let op = object.get("op").filter(|op| !op.is_null() && op.as_str() != Some(""));
        let op = op.map_or(Ok(Operator::default()), json::value);
        let op = op.map_err(|error| error.at(&format!("{place}.op")))?;
        test(&dimension, op, object, place)
    }

    fn list<L: From<Condition>>(&mut self, json: &Value, place: &str, depth: usize) -> Result<Vec<Tree<L>>, QueryError>
    where
        P: FnMut(OfPerson<'_>, &str) -> Result<Tree<L>, QueryError>,
    {
        let Value::Array(trees) = json else { return Err(QueryError::invalid(place, "a list is expected")) };
        let each = trees.iter().enumerate().map(|(at, json)| self.node(json, &format!("{place}[{at}]"), depth + 1));
        each.collect()
    }
}

/// Left out in silence, a misspelt field would give the numbers of another condition.
fn check_fields(object: &Map<String, Value>, place: &str) -> Result<(), QueryError> {
    const KINDS: [&str; 6] = ["all", "any", "not", "did", "cohort", "field"];
    const FIELDS: [&str; 9] = ["all", "any", "not", "did", "cohort", "field", "op", "value", "values"];
    if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let shown: String = name.chars().take(64).collect();
        let message = format!("no condition has this field: {}", meant(name, &FIELDS));
        return Err(QueryError::invalid(format!("{place}.{shown}"), message));
    }
    let given: Vec<&str> = KINDS.into_iter().filter(|kind| object.contains_key(*kind)).collect();
    match given[..] {
        [first, second, ..] => Err(QueryError::invalid(place, format!("it has {first} and {second}: one of them"))),
        _ => Ok(()),
    }
}

fn test<L: From<Condition>>(
    dimension: &Dimension,
    op: Operator,
    object: &Map<String, Value>,
    place: &str,
) -> Result<Tree<L>, QueryError> {
    let values = values::read(object, place)?;
    let one = || match &values[..] {
        [one] => Ok(one.clone()),
        _ => Err(QueryError::invalid(format!("{place}.value"), format!("one value is expected, not {}", values.len()))),
    };
    let number = |comparison| {
        let text = one()?;
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let number =
            number.ok_or_else(|| QueryError::invalid(format!("{place}.value"), format!("{text:?} is not a number")))?;
        Ok(Test::Number(comparison, number))
    };
    let test = |test| Tree::Leaf(L::from(Condition { dimension: dimension.clone(), test }));
    let any_of = |each: fn(String) -> Test| match values.len() {
        0 => Err(QueryError::invalid(format!("{place}.value"), "a value is expected")),
        1 => Ok(test(each(values[0].clone()))),
        _ => Ok(Tree::Any(values.iter().map(|value| test(each(value.clone()))).collect())),
    };
    // Of several values one is enough; where the test is negated, none may hold.
    let (negated, tree) = match op {
        Operator::Equal | Operator::In | Operator::EqualToAny => (false, test(Test::In(values.clone()))),
        Operator::NotEqual | Operator::NotIn | Operator::EqualToNone => (true, test(Test::In(values.clone()))),
        Operator::Contains => (false, any_of(Test::Contains)?),
        Operator::NotContains => (true, any_of(Test::Contains)?),
        Operator::Wildcard => (false, any_of(Test::Wildcard)?),
        Operator::NotWildcard => (true, any_of(Test::Wildcard)?),
        Operator::Matches => (false, any_of(Test::Matches)?),
        Operator::NotMatches => (true, any_of(Test::Matches)?),
        Operator::Less => (false, test(number(Comparison::Less)?)),
        Operator::LessOrEqual => (false, test(number(Comparison::LessOrEqual)?)),
        Operator::Greater => (false, test(number(Comparison::Greater)?)),
        Operator::GreaterOrEqual => (false, test(number(Comparison::GreaterOrEqual)?)),
        Operator::IsSet => (false, test(Test::IsSet)),
        Operator::IsNotSet => (true, test(Test::IsSet)),
    };
    Ok(if negated { Tree::Not(Box::new(tree)) } else { tree })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sql::Sql;

    fn text(json: Value) -> String {
        let mut sql = Sql::default();
        read(&json, "filter").unwrap().write(&mut sql);
        sql.as_text().to_owned()
    }

    #[test]
    fn a_tree_becomes_a_condition_with_bound_values() {
        let tree = json!({"all": [
            {"field": "country", "op": "=", "value": "DE"},
            {"any": [{"field": "property:plan", "op": "!=", "values": ["pro", "team"]}, {"field": "path", "op": "=~", "value": "^/a"}]},
            {"not": {"field": "property:n", "op": ">=", "value": 3}},
        ]});
        assert_eq!(
            text(tree),
            "((country = {p0:String}) AND (NOT (properties[{p1:String}] IN {p2:Array(String)}) OR (match(toString(path), {p3:String}))) \
             AND NOT (ifNull(toFloat64OrNull(properties[{p4:String}]) >= {p5:Float64}, 0)))"
        );
        assert_eq!(text(json!({"any": []})), "(0)");
        assert_eq!(text(Value::Null), "(1)");
    }

    #[test]
    fn of_several_values_one_is_enough_and_negated_none_may_hold() {
        assert_eq!(
            text(json!({"field": "path", "op": "not contains", "values": ["a", "b"]})),
            "NOT ((positionCaseInsensitiveUTF8(toString(path), {p0:String}) > 0) OR (positionCaseInsensitiveUTF8(toString(path), {p1:String}) > 0))"
        );
        assert_eq!(
            text(json!({"field": "country", "op": "=~", "values": ["^D", "^F"]})),
            "((match(toString(country), {p0:String})) OR (match(toString(country), {p1:String})))"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (json, expected) in [
            (json!({"all": [{"field": "nope"}]}), "filter.all[0].field: \"nope\" is not known"),
            (json!({"field": "path", "op": "~~", "value": "x"}), "filter.op: \"~~\" is not known: =, !=, in, not in, "),
            (json!({"field": "path", "op": "contains"}), "filter.value: a value is expected"),
            (json!({"field": "path", "op": "<", "values": [1, 2]}), "filter.value: one value is expected, not 2"),
            (json!({"field": "property:n", "op": "<", "value": "many"}), "filter.value: \"many\" is not a number"),
            (json!({"field": "path", "value": {"a": 1}}), "filter.value: strings or numbers are expected"),
            (json!([1]), "filter: an object is expected"),
            (json!({"field": "path", "val": 1}), "filter.val: no condition has this field: did you mean value?"),
            (json!({"all": [], "any": []}), "filter: it has all and any: one of them"),
            (json!({"any": [{"did": {}}]}), "filter.any[0].did: what a person did is asked in the query's own filter"),
            (json!({"cohort": "x"}), "filter.cohort: a cohort is named in the query's own filter"),
            (json!({"value": 1}), "filter: it has none of all, any, not, did, cohort and field"),
            (json!({"field": "path", "value": "x".repeat(3000)}), "filter.value: it has 3000 bytes"),
        ] {
            let error = read(&json, "filter").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let deep = (0..40).fold(json!({"field": "path", "value": "x"}), |inner, _| json!({"not": inner}));
        assert!(read(&deep, "filter").unwrap_err().to_string().contains("more than 12 levels"));
    }
}
