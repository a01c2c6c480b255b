//! The macros of Grafana's own ClickHouse datasource, by the same names, and the dashboard's variables. A statement is
//! read as ClickHouse reads it: what stands in a string, a quoted name or a comment is not a macro.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ad_hoc,
    lexer::{arguments, plain, quoted},
    variables::{Bindings, Variables, used, values},
};
use crate::{clickhouse::Bound, error::QueryError, events::filter::Filter};

/// The range's first instant; the values are bound.
pub const FROM: &str = "fromUnixTimestamp64Milli({footfall_from_ms:Int64}, 'UTC')";
/// The range's last instant.
pub const TO: &str = "fromUnixTimestamp64Milli({footfall_to_ms:Int64}, 'UTC')";
/// The panel's interval.
pub const INTERVAL_S: &str = "{footfall_interval_s:UInt32}";
const INTERVAL_MS: &str = "{footfall_interval_ms:UInt64}";
const FROM_MS: &str = "{footfall_from_ms:Int64}";
const TO_MS: &str = "{footfall_to_ms:Int64}";
/// Macros within the arguments of macros.
const DEPTH_MAX: usize = 8;
const KNOWN: &str = "$__timeFilter(column), $__timeFilter_ms(column), $__dateFilter(column), $__dateTimeFilter(date, time), \
     $__timeFrom(column), $__timeTo(column), $__fromTime, $__toTime, $__fromTime_ms, $__toTime_ms, $__timeInterval(column), \
     $__timeInterval_ms(column), $__timeGroup(column, '1h'), $__interval_s, $__interval_ms, $__from, $__to, $__range_s, \
     $__range_ms, $__conditionalAll(condition, $variable), $__adHocFilters";

/// What the dashboard gives a statement.
#[derive(Default)]
pub struct Given<'g> {
    /// The values of its variables.
    pub variables: Variables,
    /// Those for which *All* is chosen.
    pub all: BTreeSet<String>,
    /// Its ad hoc filters.
    pub ad_hoc: Option<&'g Filter>,
}

/// Replaces `$__name`, `$__name(arguments)` and `$variable`; also gives the values that the statement then binds.
///
/// # Errors
/// Names the macro or variable that is not known, or whose bracket is not closed.
pub fn expand(sql: &str, given: &Given<'_>) -> Result<(String, BTreeMap<String, Bound>), QueryError> {
    let mut expansion = Expansion { given, bindings: Bindings::default() };
    let text = expansion.text(sql, DEPTH_MAX)?;
    Ok((text, expansion.bindings.into_values()))
}

struct Expansion<'g> {
    given: &'g Given<'g>,
    bindings: Bindings,
}

impl Expansion<'_> {
    fn text(&mut self, sql: &str, depth: usize) -> Result<String, QueryError> {
        let mut out = String::with_capacity(sql.len() + 256);
        let mut rest = sql;
        while !rest.is_empty() {
            let skipped = quoted(rest);
            if skipped > 0 {
                let literal = &rest[..skipped];
                match self.bindings.within(literal, &self.given.variables) {
                    Some(bound) => out.push_str(&bound),
                    None => out.push_str(literal),
                }
                rest = &rest[skipped..];
                continue;
            }
            if let Some(found) = rest.strip_prefix("$__") {
                let (replaced, length) = self.one(found, depth)?;
                out.push_str(&replaced);
                rest = &found[length..];
                continue;
            }
            // `[[a]]` can be an array of an array of a column as well.
            let variable = used(rest).filter(|of| rest.starts_with('$') || self.given.variables.contains_key(of.name));
            if let Some(variable) = variable {
                out.push_str(&self.bindings.alone(&variable, &self.given.variables)?);
                rest = &rest[variable.length..];
                continue;
            }
            let length = plain(rest);
            out.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        Ok(out)
    }

    /// A macro from its name on: what stands in its place, and its length.
    fn one(&mut self, text: &str, depth: usize) -> Result<(String, usize), QueryError> {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if !rest.starts_with('(') {
            return Ok((self.replace(name, &[])?, end));
        }
        let unclosed = || QueryError::invalid("rawSql", format!("$__{name}: its bracket is not closed"));
        let (arguments, length) = arguments(rest).ok_or_else(unclosed)?;
        let deeper = depth.checked_sub(1).ok_or_else(|| {
            QueryError::invalid("rawSql", format!("$__{name}: macros are nested deeper than {DEPTH_MAX}"))
        })?;
        if let ("conditionalAll", [condition, variable]) = (name, arguments.as_slice()) {
            return Ok((self.conditional_all(condition, variable, deeper)?, end + length));
        }
        if name == "adHocFilters" {
            return Ok((self.ad_hoc(), end + length));
        }
        let arguments: Vec<String> =
            arguments.into_iter().map(|argument| self.text(argument, deeper)).collect::<Result<_, _>>()?;
        Ok((self.replace(name, &arguments)?, end + length))
    }

    /// The condition, unless all values of the variable are chosen, or none is.
    fn conditional_all(&mut self, condition: &str, variable: &str, depth: usize) -> Result<String, QueryError> {
        let variable = used(variable).ok_or_else(|| {
            QueryError::invalid("rawSql", format!("$__conditionalAll: {variable:?} is not a variable"))
        })?;
        let value = self.given.variables.get(variable.name);
        let is_empty = value.is_some_and(|value| values(value).iter().all(String::is_empty));
        match self.given.all.contains(variable.name) || is_empty {
            true => Ok("1=1".to_owned()),
            false => self.text(condition, depth),
        }
    }

    /// The dashboard's ad hoc filters as a condition on `analytics.events`.
    fn ad_hoc(&mut self) -> String {
        self.given.ad_hoc.map_or_else(|| "1=1".to_owned(), |filter| ad_hoc::condition(filter, &mut self.bindings))
    }

    fn replace(&mut self, name: &str, arguments: &[String]) -> Result<String, QueryError> {
        Ok(match (name, arguments) {
            ("timeFilter" | "timeFilter_ms", [column]) => format!("({column} >= {FROM} AND {column} <= {TO})"),
            ("timeFrom", [column]) => format!("({column} >= {FROM})"),
            ("timeTo", [column]) => format!("({column} <= {TO})"),
            ("dateFilter", [column]) => format!("({column} >= toDate({FROM}) AND {column} <= toDate({TO}))"),
            ("dateTimeFilter" | "dt", [date, time]) => {
                format!("({date} >= toDate({FROM}) AND {date} <= toDate({TO}) AND {time} >= {FROM} AND {time} <= {TO})")
            }
            ("fromTime" | "fromTime_ms", []) => FROM.to_owned(),
            ("toTime" | "toTime_ms", []) => TO.to_owned(),
            ("timeInterval", [column]) => {
                format!("toStartOfInterval(toDateTime({column}), toIntervalSecond({INTERVAL_S}))")
            }
            ("timeInterval_ms", [column]) => {
                format!("toStartOfInterval(toDateTime64({column}, 3), toIntervalMillisecond({INTERVAL_MS}))")
            }
            ("timeGroup", [column, period]) => {
                let seconds = self.bindings.bind("UInt32", period_s(period)?.to_string());
                format!("toStartOfInterval(toDateTime({column}), toIntervalSecond({seconds}))")
            }
            ("interval_s", []) => INTERVAL_S.to_owned(),
            ("interval_ms", []) => INTERVAL_MS.to_owned(),
            ("from", []) => FROM_MS.to_owned(),
            ("to", []) => TO_MS.to_owned(),
            ("range_ms", []) => format!("({TO_MS} - {FROM_MS})"),
            ("range_s", []) => format!("intDiv({TO_MS} - {FROM_MS}, 1000)"),
            ("adHocFilters", []) => self.ad_hoc(),
            _ => {
                let message = format!("$__{name} with {} arguments is not known: {KNOWN}", arguments.len());
                return Err(QueryError::invalid("rawSql", message));
            }
        })
    }
}

/// `'1h'`, `5m`, `30s`, `1d` or `1w`, in seconds.
fn period_s(text: &str) -> Result<u32, QueryError> {
    let period = text.trim_matches(['\'', '"']);
    let (number, unit) = period.split_at(period.find(|c: char| !c.is_ascii_digit()).unwrap_or(period.len()));
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => 0,
    };
    let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit_s)).filter(|s| *s > 0);
    seconds.ok_or_else(|| {
        let message = format!("$__timeGroup: {period:?} is not a period such as 30s, 5m, 1h, 1d or 1w");
        QueryError::invalid("rawSql", message)
    })
}

#[cfg(test)]
mod tests;
