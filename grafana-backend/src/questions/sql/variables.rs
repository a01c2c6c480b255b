//! `$name` in a statement, as people write it in Grafana. A value is always bound, wherever it stands: alone it is a
//! string or a number, several are a list of them, and within quotes the whole string or name is one bound value.

use std::collections::BTreeMap;

use super::lexer::unquoted;
use crate::{clickhouse::Bound, error::QueryError};

/// Values in one place of a statement.
const VALUES_MAX: usize = 1_000;

/// The values of a dashboard's variables, by name.
pub(super) type Variables = BTreeMap<String, Bound>;

/// A variable where it is used: `$name`, `${name}`, `${name:format}` or `[[name]]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use<'t> {
    pub name: &'t str,
    pub format: &'t str,
    /// How long it is in the text.
    pub length: usize,
}

/// The variable that begins the text. Names that begin with two underscores are macros.
pub(super) fn used(text: &str) -> Option<Use<'_>> {
    let (inner, around) = match text.as_bytes() {
        [b'$', b'{', ..] => (&text[2..text.find('}')?], 3),
        [b'[', b'[', ..] => (&text[2..text.find("]]")?], 4),
        [b'$', ..] => {
            let end = text[1..].find(|c: char| !is_of_name(c)).map_or(text.len(), |at| at + 1);
            (&text[1..end], 1)
        }
        _ => return None,
    };
    let (name, format) = inner.split_once(':').unwrap_or((inner, ""));
    let is_name = !name.is_empty() && name.chars().all(is_of_name) && !name.starts_with(|c: char| c.is_ascii_digit());
    (is_name && !name.starts_with("__")).then_some(Use { name, format, length: inner.len() + around })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Collects what a statement binds besides the variables that it names itself as `{name:Type}`.
#[derive(Default)]
pub(super) struct Bindings(BTreeMap<String, Bound>);

impl Bindings {
    /// Binds a value; what stands for it in the statement.
    pub fn bind(&mut self, kind: &'static str, value: String) -> String {
        self.bind_as(kind, Bound::One(value))
    }

    /// Binds one value or several.
    pub fn bind_as(&mut self, kind: &'static str, value: Bound) -> String {
        let name = format!("footfall_{}", self.0.len());
        let place = format!("{{{name}:{kind}}}");
        self.0.insert(name, value);
        place
    }

    pub fn into_values(self) -> BTreeMap<String, Bound> {
        self.0
    }

    /// A variable that stands alone.
    ///
    /// # Errors
    /// Names the variable that is not known, and the format that is none here.
    pub fn alone(&mut self, variable: &Use<'_>, variables: &Variables) -> Result<String, QueryError> {
        let name = variable.name;
        let Some(value) = variables.get(name) else {
            let message = format!("the variable ${name} is not known");
            return Err(QueryError::invalid("rawSql", message));
        };
        let values = values(value);
        if values.len() > VALUES_MAX {
            let message = format!("${name} has {} values, at most {VALUES_MAX} are allowed", values.len());
            return Err(QueryError::invalid("variables", message));
        }
        // A variable with several values is one of strings; ClickHouse reads numbers in them where it compares.
        let is_single = matches!(value, Bound::One(_));
        let each = values.iter().map(|value| match variable.format {
            "" | "csv" | "pipe" if is_single => Ok(self.bind(number_or_string(value), value.clone())),
            "" | "csv" | "singlequote" | "sqlstring" => Ok(self.bind("String", value.clone())),
            "doublequote" => Ok(self.bind("Identifier", value.clone())),
            // A number, or the name of a column or table.
            "raw" | "text" => Ok(self.bind(number_or_name(value), value.clone())),
            other => {
                let message = format!(
                    "${{{name}:{other}}}: a variable in SQL has the format csv, singlequote, sqlstring, doublequote \
                     or raw, or none"
                );
                Err(QueryError::invalid("rawSql", message))
            }
        });
        let each: Vec<String> = each.collect::<Result<_, _>>()?;
        // Nothing is in an empty list, which ClickHouse does not read.
        Ok(if each.is_empty() { "NULL".to_owned() } else { each.join(", ") })
    }

    /// A string or quoted name with variables in it, which is then one bound value; with a variable of several values,
    /// as many. None if it has no variable.
    pub fn within(&mut self, literal: &str, variables: &Variables) -> Option<String> {
        let kind = match literal.as_bytes().first()? {
            b'\'' => "String",
            b'"' | b'`' => "Identifier",
            _ => return None,
        };
        let text = unquoted(literal);
        let mut texts = vec![String::new()];
        let (mut rest, mut has_variable) = (text.as_str(), false);
        while let Some(character) = rest.chars().next() {
            let known = used(rest).and_then(|of| Some((variables.get(of.name)?, of.length)));
            let (pieces, length) = match known {
                Some((value, length)) => {
                    has_variable = true;
                    (values(value), length)
                }
                None => (vec![character.to_string()], character.len_utf8()),
            };
            let each = texts.iter().flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")));
            texts = each.take(VALUES_MAX).collect();
            rest = &rest[length..];
        }
        let bound: Vec<String> =
            if has_variable { texts.into_iter().map(|text| self.bind(kind, text)).collect() } else { return None };
        Some(if bound.is_empty() { "NULL".to_owned() } else { bound.join(", ") })
    }
}

/// The values that a variable has.
pub(super) fn values(value: &Bound) -> Vec<String> {
    match value {
        Bound::One(value) => vec![value.clone()],
        Bound::Several(values) => values.clone(),
    }
}

fn number_or_string(value: &str) -> &'static str {
    number(value).unwrap_or("String")
}

fn number_or_name(value: &str) -> &'static str {
    number(value).unwrap_or("Identifier")
}

/// The type of a number as people write it. `007` is none, since it would lose its zeros.
fn number(value: &str) -> Option<&'static str> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || (digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."))
    {
        return None;
    }
    if value.parse::<i64>().is_ok() {
        return Some("Int64");
    }
    if value.parse::<u64>().is_ok() {
        return Some("UInt64");
    }
    value.parse::<f64>().is_ok_and(f64::is_finite).then_some("Float64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_in_each_form() {
        for (text, expected) in [
            ("$a b", Some(("a", "", 2))),
            ("${a_1}b", Some(("a_1", "", 6))),
            ("${a:raw})", Some(("a", "raw", 8))),
            ("[[a]]", Some(("a", "", 5))),
            ("[[1, 2]]", None),
            ("$__from", None),
            ("$1", None),
            ("$", None),
            ("${a", None),
            ("a", None),
        ] {
            assert_eq!(used(text).map(|of| (of.name, of.format, of.length)), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_those_that_lose_nothing() {
        for (value, expected) in [
            ("7", "Int64"),
            ("-7", "Int64"),
            ("18446744073709551615", "UInt64"),
            ("0.5", "Float64"),
            ("1e3", "Float64"),
            ("007", "String"),
            ("inf", "String"),
            ("7a", "String"),
            ("", "String"),
        ] {
            assert_eq!(number_or_string(value), expected, "{value}");
        }
    }
}
