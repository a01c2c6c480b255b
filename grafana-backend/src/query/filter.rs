//! Which events are meant: a name, a path, and a tree of tests on columns and properties.
//! Ad hoc filters and dashboard variables are nodes of this tree, never text of a statement.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{dimension::Dimension, sql::Sql};
use crate::error::QueryError;

/// Nodes of one query's filters.
pub const NODES_MAX: usize = 500;
const DEPTH_MAX: usize = 12;
/// Values of one test.
pub const VALUES_MAX: usize = 1_000;
/// One value.
pub const VALUE_BYTES_MAX: usize = 2_048;

/// An event's name, exactly, its path, with `*` for any text, and more tests; what is empty
/// matches all, and of several one is enough.
#[derive(Debug, Clone, PartialEq)]
pub struct EventFilter {
    /// The event's names.
    pub event: OneOf,
    /// The path's patterns.
    pub path: OneOf,
    /// What else has to hold.
    pub filter: Filter,
}

/// A string, or a list of which one is enough, as a dashboard's variable with several values gives
/// it. Empty strings among them mean nothing.
#[derive(Deserialize, Debug, Clone, Default, PartialEq, Eq)]
#[serde(from = "OneOrMany")]
pub struct OneOf(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for OneOf {
    fn from(given: OneOrMany) -> Self {
        let values = match given {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        };
        Self(values.into_iter().filter(|value| !value.is_empty()).collect())
    }
}

impl OneOf {
    /// Whether it means everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn check(&self, place: &str) -> Result<(), QueryError> {
        if self.0.len() > VALUES_MAX {
            let message = format!("{} are given, at most {VALUES_MAX} are allowed", self.0.len());
            return Err(QueryError::invalid(place, message));
        }
        match self.0.iter().find(|value| value.len() > VALUE_BYTES_MAX) {
            Some(long) => Err(QueryError::invalid(
                place,
                format!("it has {} bytes, at most {VALUE_BYTES_MAX} are allowed", long.len()),
            )),
            None => Ok(()),
        }
    }
}

impl fmt::Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" | "))
    }
}

/// A condition on one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All hold; of none, true.
    All(Vec<Filter>),
    /// One holds; of none, false.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A test of one column or property.
    Test(Dimension, Test),
}

/// What is asked of a value; a property that is not there is the empty text.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of these, exactly.
    In(Vec<String>),
    /// Holds this text, capitals or not.
    Contains(String),
    /// Is this text, with `*` for any text.
    Wildcard(String),
    /// Matches this regular expression (RE2), anywhere.
    Matches(String),
    /// Is a number that compares so; what is no number does not.
    Number(Comparison, f64),
    /// Is there and not empty.
    IsSet,
}

/// How numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// An ad hoc filter, as Grafana gives it.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(default)]
pub struct AdHoc {
    /// A column or `property:<name>`.
    pub key: String,
    /// `=`, `!=`, `=~`, `!~`, `<`, `>`, `=|` or `!=|`.
    pub operator: String,
    /// The value.
    pub value: String,
    /// The values of `=|` and `!=|`.
    pub values: Vec<String>,
}

impl Filter {
    /// Reads the JSON form: `{"all": […]}`, `{"any": […]}`, `{"not": …}` or
    /// `{"field": …, "op": …, "value": …}`; null is no condition.
    ///
    /// # Errors
    /// Names the place and what is wrong there.
    pub fn read(json: &Value, place: &str) -> Result<Self, QueryError> {
        let mut nodes = 0;
        read(json, place, 0, &mut nodes)
    }

    /// Of ad hoc filters: all have to hold.
    ///
    /// # Errors
    /// As [`Filter::read`].
    pub fn ad_hoc(filters: &[AdHoc]) -> Result<Self, QueryError> {
        let each = filters.iter().enumerate().map(|(at, filter)| {
            let json = serde_json::json!({"field": filter.key, "op": filter.operator, "value": filter.value, "values": filter.values});
            Self::read(&json, &format!("adhocFilters[{at}]"))
        });
        each.collect::<Result<_, _>>().map(Self::All)
    }

    /// Whether it holds for every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(filters) if filters.iter().all(Filter::is_empty))
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self::All(vec![self, other]),
        }
    }

    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        let mut list = |filters: &[Filter], between: &'static str, of_none: &'static str| {
            sql.text("(");
            if filters.is_empty() {
                sql.text(of_none);
            }
            for (at, filter) in filters.iter().enumerate() {
                sql.text(if at == 0 { "" } else { between }).sub(|sql| filter.write(sql));
            }
            sql.text(")");
        };
        match self {
            Self::All(filters) => list(filters, " AND ", "1"),
            Self::Any(filters) => list(filters, " OR ", "0"),
            Self::Not(filter) => drop(sql.text("NOT ").sub(|sql| filter.write(sql))),
            Self::Test(dimension, test) => {
                sql.text("(");
                test.write(dimension, sql);
                sql.text(")");
            }
        }
    }
}

fn read(json: &Value, place: &str, depth: usize, nodes: &mut usize) -> Result<Filter, QueryError> {
    *nodes += 1;
    if depth > DEPTH_MAX || *nodes > NODES_MAX {
        let message = format!("it has more than {DEPTH_MAX} levels or {NODES_MAX} nodes");
        return Err(QueryError::invalid(place, message));
    }
    let object = match json {
        Value::Null => return Ok(Filter::default()),
        Value::Object(object) if object.is_empty() => return Ok(Filter::default()),
        Value::Object(object) => object,
        other => return Err(QueryError::invalid(place, format!("an object is expected, not {other}"))),
    };
    let mut list = |name: &str| -> Result<Option<Vec<Filter>>, QueryError> {
        let Some(value) = object.get(name) else { return Ok(None) };
        let Value::Array(filters) = value else {
            return Err(QueryError::invalid(format!("{place}.{name}"), "a list is expected"));
        };
        let each =
            filters.iter().enumerate().map(|(at, json)| read(json, &format!("{place}.{name}[{at}]"), depth + 1, nodes));
        each.collect::<Result<_, _>>().map(Some)
    };
    if let Some(filters) = list("all")? {
        return Ok(Filter::All(filters));
    }
    if let Some(filters) = list("any")? {
        return Ok(Filter::Any(filters));
    }
    if let Some(json) = object.get("not") {
        return Ok(Filter::Not(Box::new(read(json, &format!("{place}.not"), depth + 1, nodes)?)));
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("field").is_empty() {
        return Err(QueryError::invalid(place, "it has none of all, any, not and field"));
    }
    let dimension = Dimension::parse(text("field")).map_err(|error| error.at(&format!("{place}.field")))?;
    test(&dimension, text("op"), object, place)
}

fn test(
    dimension: &Dimension,
    op: &str,
    object: &serde_json::Map<String, Value>,
    place: &str,
) -> Result<Filter, QueryError> {
    let values = values(object, place)?;
    let one = || match &values[..] {
        [one] => Ok(one.clone()),
        _ => Err(QueryError::invalid(format!("{place}.value"), format!("one value is expected, not {}", values.len()))),
    };
    let number = |comparison| {
        let text = one()?;
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let number =
            number.ok_or_else(|| QueryError::invalid(format!("{place}.value"), format!("{text:?} is no number")))?;
        Ok(Test::Number(comparison, number))
    };
    let test = |test| Filter::Test(dimension.clone(), test);
    let any_of = |each: fn(String) -> Test| match values.len() {
        0 => Err(QueryError::invalid(format!("{place}.value"), "a value is expected")),
        1 => Ok(test(each(values[0].clone()))),
        _ => Ok(Filter::Any(values.iter().map(|value| test(each(value.clone()))).collect())),
    };
    // Of several values one is enough; where the test is negated, none may hold.
    let (negated, filter) = match op {
        "=" | "" | "in" | "=|" => (false, test(Test::In(values.clone()))),
        "!=" | "not in" | "!=|" => (true, test(Test::In(values.clone()))),
        "contains" => (false, any_of(Test::Contains)?),
        "not contains" => (true, any_of(Test::Contains)?),
        "wildcard" => (false, any_of(Test::Wildcard)?),
        "not wildcard" => (true, any_of(Test::Wildcard)?),
        "=~" => (false, any_of(Test::Matches)?),
        "!~" => (true, any_of(Test::Matches)?),
        "<" => (false, test(number(Comparison::Less)?)),
        "<=" => (false, test(number(Comparison::LessOrEqual)?)),
        ">" => (false, test(number(Comparison::Greater)?)),
        ">=" => (false, test(number(Comparison::GreaterOrEqual)?)),
        "is set" => (false, test(Test::IsSet)),
        "is not set" => (true, test(Test::IsSet)),
        other => {
            const KNOWN: &str = "=, !=, in, not in, contains, not contains, wildcard, not wildcard, =~, !~, <, <=, >, >=, is set or is not set";
            return Err(QueryError::invalid(format!("{place}.op"), format!("{other:?} is not known: {KNOWN}")));
        }
    };
    Ok(if negated { Filter::Not(Box::new(filter)) } else { filter })
}

/// `values` if there are any, else `value`; numbers and booleans as they are written.
fn values(object: &serde_json::Map<String, Value>, place: &str) -> Result<Vec<String>, QueryError> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let of = |name: &str| match object.get(name) {
        Some(Value::Array(values)) => values.iter().map(text).collect(),
        Some(Value::Null) | None => Some(Vec::new()),
        Some(value) => text(value).map(|text| vec![text]),
    };
    let wrong = || QueryError::invalid(format!("{place}.value"), "strings or numbers are expected");
    let values = match of("values").ok_or_else(wrong)? {
        values if values.is_empty() => of("value").ok_or_else(wrong)?,
        values => values,
    };
    if values.len() > VALUES_MAX {
        return Err(QueryError::invalid(
            format!("{place}.values"),
            format!("{} are given, at most {VALUES_MAX} are allowed", values.len()),
        ));
    }
    if let Some(long) = values.iter().find(|value| value.len() > VALUE_BYTES_MAX) {
        return Err(QueryError::invalid(
            format!("{place}.value"),
            format!("it has {} bytes, at most {VALUE_BYTES_MAX} are allowed", long.len()),
        ));
    }
    Ok(values)
}

impl Test {
    fn write(&self, dimension: &Dimension, sql: &mut Sql) {
        match self {
            Self::In(values) => match &values[..] {
                [one] => {
                    dimension.write_plain(sql);
                    sql.text(" = ").string(one);
                }
                values => {
                    dimension.write(sql);
                    sql.text(" IN ").strings(values);
                }
            },
            Self::Contains(text) => {
                sql.text("positionCaseInsensitiveUTF8(")
                    .sub(|sql| dimension.write(sql))
                    .text(", ")
                    .string(text)
                    .text(") > 0");
            }
            Self::Wildcard(pattern) => {
                dimension.write_plain(sql);
                sql.text(" LIKE ").string(&like(pattern));
            }
            Self::Matches(pattern) => {
                sql.text("match(").sub(|sql| dimension.write(sql)).text(", ").string(pattern).text(")");
            }
            Self::Number(comparison, number) => {
                let sign = match comparison {
                    Comparison::Less => " < ",
                    Comparison::LessOrEqual => " <= ",
                    Comparison::Greater => " > ",
                    Comparison::GreaterOrEqual => " >= ",
                };
                sql.text("ifNull(toFloat64OrNull(")
                    .sub(|sql| dimension.write(sql))
                    .text(")")
                    .text(sign)
                    .float(*number)
                    .text(", 0)");
            }
            Self::IsSet => {
                dimension.write_plain(sql);
                sql.text(" != ''");
            }
        }
    }
}

impl EventFilter {
    /// Of a query's `event`, `path` and filter; `place` is where the filter stands.
    ///
    /// # Errors
    /// As [`Filter::read`].
    pub fn read(event: OneOf, path: OneOf, filter: &Value, place: &str) -> Result<Self, QueryError> {
        event.check("event")?;
        path.check("path")?;
        Ok(Self { event, path, filter: Filter::read(filter, place)? })
    }

    /// Whether it matches every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.event.is_empty() && self.path.is_empty() && self.filter.is_empty()
    }

    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        sql.text("(");
        match &self.event.0[..] {
            [] => sql.text("1"),
            [event] => sql.text("event = ").string(event),
            events => sql.text("event IN ").strings(events),
        };
        for (at, path) in self.path.0.iter().enumerate() {
            sql.text(if at == 0 { " AND (" } else { " OR " });
            match path.contains('*') {
                true => sql.text("path LIKE ").string(&like(path)),
                false => sql.text("path = ").string(path),
            };
        }
        sql.text(if self.path.is_empty() { "" } else { ")" });
        if !self.filter.is_empty() {
            sql.text(" AND ").sub(|sql| self.filter.write(sql));
        }
        sql.text(")");
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.event.is_empty(), self.path.is_empty()) {
            (true, true) => f.write_str("any event"),
            (false, true) => self.event.fmt(f),
            (true, false) => self.path.fmt(f),
            (false, false) => write!(f, "{} {}", self.event, self.path),
        }
    }
}

/// `*` becomes `%`; what is special in LIKE is taken literally.
fn like(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    for c in pattern.chars() {
        match c {
            '*' => out.push('%'),
            '%' | '_' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(json: Value) -> String {
        let mut sql = Sql::default();
        Filter::read(&json, "filter").unwrap().write(&mut sql);
        sql.as_text().to_owned()
    }

    #[test]
    fn a_pattern_s_other_signs_are_literal() {
        assert_eq!(like("/a_b/*/50%"), "/a\\_b/%/50\\%");
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
        let event = |event: Value, path: Value| {
            let read = |json| serde_json::from_value(json).unwrap();
            let filter = EventFilter::read(read(event), read(path), &Value::Null, "filter").unwrap();
            let mut sql = Sql::default();
            filter.write(&mut sql);
            (sql.as_text().to_owned(), filter.to_string())
        };
        assert_eq!(
            event(json!(["a", "b"]), json!(["/x", "/y/*"])),
            (
                "(event IN {p0:Array(String)} AND (path = {p1:String} OR path LIKE {p2:String}))".into(),
                "a | b /x | /y/*".into()
            )
        );
        assert_eq!(event(json!("a"), json!([])), ("(event = {p0:String})".into(), "a".into()));
        assert_eq!(event(json!([""]), json!("")), ("(1)".into(), "any event".into()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (json, expected) in [
            (json!({"all": [{"field": "nope"}]}), "filter.all[0].field: \"nope\" is not known"),
            (json!({"field": "path", "op": "~~", "value": "x"}), "filter.op: \"~~\" is not known"),
            (json!({"field": "path", "op": "contains"}), "filter.value: a value is expected"),
            (json!({"field": "path", "op": "<", "values": [1, 2]}), "filter.value: one value is expected, not 2"),
            (json!({"field": "property:n", "op": "<", "value": "many"}), "filter.value: \"many\" is no number"),
            (json!({"field": "path", "value": {"a": 1}}), "filter.value: strings or numbers are expected"),
            (json!([1]), "filter: an object is expected"),
            (json!({"value": 1}), "filter: it has none of all, any, not and field"),
            (json!({"field": "path", "value": "x".repeat(3000)}), "filter.value: it has 3000 bytes"),
        ] {
            let error = Filter::read(&json, "filter").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let deep = (0..40).fold(json!({"field": "path", "value": "x"}), |inner, _| json!({"not": inner}));
        assert!(Filter::read(&deep, "filter").unwrap_err().to_string().contains("more than 12 levels"));
    }
}
