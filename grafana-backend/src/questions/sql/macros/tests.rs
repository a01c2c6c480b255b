use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::events::filter::read::read;

fn plainly(sql: &str) -> Result<String, QueryError> {
    expand(sql, &Given::default()).map(|(text, _)| text)
}

/// With the dashboard's variables: one, several, a number, an empty one, and one of which all are chosen.
fn with_variables(sql: &str) -> Result<(String, Vec<String>), QueryError> {
    let several = |values: &[&str]| Bound::Several(values.iter().map(|value| (*value).to_owned()).collect());
    let one = |value: &str| Bound::One(value.to_owned());
    let variables = [
        ("event", one("sign_up")),
        ("country", several(&["DE", "A'T"])),
        ("n", one("5")),
        ("empty", one("")),
        ("nobody", several(&[])),
        ("column", one("browser")),
        ("every", several(&["a", "b"])),
    ];
    let filter = read(&json!({"field": "country", "op": "in", "values": ["SE", "NO"]}), "filter").unwrap();
    let given = Given {
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        all: ["every".to_owned()].into(),
        ad_hoc: Some(&filter),
    };
    let (text, bound) = expand(sql, &given)?;
    Ok((text, bound.values().flat_map(values).collect()))
}

#[test]
fn macros_are_those_of_the_clickhouse_datasource() {
    for (sql, expected) in [
        ("SELECT 1 WHERE $__timeFilter(ts)", format!("SELECT 1 WHERE (ts >= {FROM} AND ts <= {TO})")),
        (
            "$__timeInterval(toDateTime(ts)) x",
            format!("toStartOfInterval(toDateTime(toDateTime(ts)), toIntervalSecond({INTERVAL_S})) x"),
        ),
        (
            "$__timeInterval_ms(ts)",
            format!("toStartOfInterval(toDateTime64(ts, 3), toIntervalMillisecond({INTERVAL_MS}))"),
        ),
        (
            "$__timeFilter(toDateTime(ts, 'UTC'))",
            format!("(toDateTime(ts, 'UTC') >= {FROM} AND toDateTime(ts, 'UTC') <= {TO})"),
        ),
        (
            "$__dt(if(a, b, [c, d][1]), concat(')', \"x,y\"))",
            format!(
                "(if(a, b, [c, d][1]) >= toDate({FROM}) AND if(a, b, [c, d][1]) <= toDate({TO}) AND \
                 concat(')', \"x,y\") >= {FROM} AND concat(')', \"x,y\") <= {TO})"
            ),
        ),
        ("$__timeFrom(ts) AND $__timeTo(ts)", format!("(ts >= {FROM}) AND (ts <= {TO})")),
        ("$__fromTime,$__toTime $__interval_s", format!("{FROM},{TO} {INTERVAL_S}")),
        ("$__from $__to $__range_ms", format!("{FROM_MS} {TO_MS} ({TO_MS} - {FROM_MS})")),
        ("$__timeFilter($__fromTime)", format!("({FROM} >= {FROM} AND {FROM} <= {TO})")),
        ("WHERE $__adHocFilters AND $__adHocFilters('events')", "WHERE 1=1 AND 1=1".to_owned()),
        ("no macro", "no macro".to_owned()),
    ] {
        assert_eq!(plainly(sql).unwrap(), expected, "{sql}");
    }
    for sql in [
        "$__nope(x)",
        "$__timeFilter()",
        "$__timeFilter(a",
        "$__timeFilter(')'",
        "$__fromTime(x)",
        "$__timeGroup(ts, 'an hour')",
        "$__timeGroup(ts, '0s')",
        "$__conditionalAll(a, b)",
    ] {
        assert!(plainly(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_variable_is_bound_wherever_it_stands() {
    for (sql, expected, bound) in [
        ("event = $event", "event = {footfall_0:String}", vec!["sign_up"]),
        ("event = '$event'", "event = {footfall_0:String}", vec!["sign_up"]),
        ("event LIKE '%${event}%'", "event LIKE {footfall_0:String}", vec!["%sign_up%"]),
        ("event = [[event]]", "event = {footfall_0:String}", vec!["sign_up"]),
        ("IN ($country)", "IN ({footfall_0:String}, {footfall_1:String})", vec!["DE", "A'T"]),
        ("IN (${country:singlequote})", "IN ({footfall_0:String}, {footfall_1:String})", vec!["DE", "A'T"]),
        ("IN ('$country')", "IN ({footfall_0:String}, {footfall_1:String})", vec!["DE", "A'T"]),
        ("IN ('/$country/$n')", "IN ({footfall_0:String}, {footfall_1:String})", vec!["/DE/5", "/A'T/5"]),
        ("IN ($nobody)", "IN (NULL)", vec![]),
        ("LIMIT $n", "LIMIT {footfall_0:Int64}", vec!["5"]),
        ("GROUP BY ${column:raw}", "GROUP BY {footfall_0:Identifier}", vec!["browser"]),
        ("GROUP BY \"$column\"", "GROUP BY {footfall_0:Identifier}", vec!["browser"]),
        (
            "$__timeGroup(ts, '1h')",
            "toStartOfInterval(toDateTime(ts), toIntervalSecond({footfall_0:UInt32}))",
            vec!["3600"],
        ),
        ("'$ $5 $nothing'", "'$ $5 $nothing'", vec![]),
        ("[[a]] -- $country", "[[a]] -- $country", vec![]),
        ("$__adHocFilters", "(toString(country) IN {footfall_0:Array(String)})", vec!["SE", "NO"]),
    ] {
        let (text, values) = with_variables(sql).unwrap();
        assert_eq!((text.as_str(), values.iter().map(String::as_str).collect::<Vec<_>>()), (expected, bound), "{sql}");
    }
    let unknown = with_variables("x = $nothing").unwrap_err().to_string();
    assert!(unknown.contains("the variable $nothing is not known"), "{unknown}");
    let format = with_variables("x = ${event:glob}").unwrap_err().to_string();
    assert!(format.contains("${event:glob}"), "{format}");
}

#[test]
fn a_condition_is_left_out_while_all_are_chosen() {
    let text = |sql| with_variables(sql).unwrap().0;
    assert_eq!(text("$__conditionalAll(a IN ($every), $every)"), "1=1");
    assert_eq!(text("$__conditionalAll(a = '$empty', ${empty})"), "1=1");
    assert_eq!(text("$__conditionalAll(f(a, 1) = $event, $event)"), "f(a, 1) = {footfall_0:String}");
}

#[test]
fn what_stands_in_strings_names_and_comments_is_no_macro() {
    for sql in [
        "SELECT 1 AS a, '$__all' AS b -- was $__timeFilter",
        "SELECT 'it''s $__x', \"$__y\", `$__z`, '\\'$__w'",
        "SELECT 1 /* $__all(\n */ # $__b\n",
        "SELECT $doc$ $__all $doc$",
        "SELECT a$__b",
        "SELECT '$__never closed",
        "SELECT 'ä', \u{1f600}",
    ] {
        assert_eq!(plainly(sql).unwrap(), sql);
    }
    assert_eq!(plainly("SELECT ' -- ', $__fromTime").unwrap(), format!("SELECT ' -- ', {FROM}"));
    assert_eq!(plainly("SELECT 1 -- $__x\n, $__fromTime").unwrap(), format!("SELECT 1 -- $__x\n, {FROM}"));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "[-$_a-c{}\\[\\]'\"`/*#\\\\\n(),é ]{0,60}") {
        if let Ok((expanded, _)) = expand(&text, &Given::default()) && !text.contains("$__") {
            prop_assert_eq!(expanded, text);
        }
    }

    /// A value is never part of the text, whatever it is and wherever it stands.
    #[test]
    fn no_value_is_text(sql in "[a '\"`$(){}\\\\\\[\\]]{0,30}", value in "[a-z]{8}") {
        let given = Given { variables: [("a".to_owned(), Bound::One(value.clone()))].into(), ..Given::default() };
        if let Ok((text, _)) = expand(&sql, &given) {
            prop_assert!(!text.contains(&value));
        }
    }
}
