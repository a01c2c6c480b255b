//! Golden pairs: a query's filter, and its condition or what is wrong in it.

use std::sync::LazyLock;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Around, PersonFilter, filter::read, settled};
use crate::{
    cohorts::{Cohort, Stored},
    error::QueryError,
    events::{filter::tree::Tree, path_rules::PathRules, reading::Reading},
    linked::Links,
    sql::Sql,
    time::range::Range,
};

const DAY_MS: i64 = 86_400_000;

static AS_STORED: LazyLock<Reading> = LazyLock::new(Reading::default);

fn around(from_ms: i64, to_ms: i64) -> Around<'static> {
    Around { project: "shop", range: Range { from_ms, to_ms, interval_ms: 1 }, zone: Tz::UTC, reading: &AS_STORED }
}

fn of_ten_days(json: &Value) -> PersonFilter {
    read(json, "filter", around(10 * DAY_MS, 20 * DAY_MS)).unwrap()
}

fn statement(filter: &PersonFilter) -> (String, Value) {
    let mut sql = Sql::default();
    filter.write(&mut sql);
    (sql.as_text().to_owned(), sql.values_json())
}

fn written(json: &Value) -> (String, Value) {
    statement(&of_ten_days(json))
}

/// A list of visitors and some definitions.
fn stored() -> Stored {
    let cohort = |name: &str, definition: Value, list: u64| Cohort {
        name: name.to_owned(),
        description: String::new(),
        definition: if list == 0 { definition.to_string() } else { String::new() },
        list,
        changed_ms: 0,
    };
    let many = json!({"any": vec![json!({"did": {}}); 8]});
    Stored::for_tests(vec![
        cohort("vips", Value::Null, 77),
        cohort(
            "buyers",
            json!({"all": [{"did": {"events": {"event": "buy"}, "days": 3}}, {"not": {"did": {"atLeast": 9}}}]}),
            0,
        ),
        cohort("many", many, 0),
        cohort("germans", json!({"any": [{"did": {}}, {"field": "country", "value": "DE"}]}), 0),
        cohort("circle", json!({"not": {"cohort": "circle"}}), 0),
        cohort("misspelt", json!({"did": {"event": "buy"}}), 0),
        cohort("empty", json!({}), 0),
    ])
}

fn looked_up(json: &Value, links: Links) -> Result<PersonFilter, QueryError> {
    settled(&of_ten_days(json), &stored(), around(10 * DAY_MS, 20 * DAY_MS), links)
}

/// Everything but the part that counts events by visitor, and the numbers of times.
fn condition(counts: &str, having: &str) -> String {
    format!(
        "(events.visitor GLOBAL IN (SELECT arrayJoin(arrayPushBack(groupArrayIf(did_visitor, did_linked != 0), did_person)) FROM (\
         SELECT did_visitor, max(did_link) AS did_linked, if(did_linked = 0, did_visitor, did_linked) AS did_person, \
         sum(did_count) AS did_times, sum(did_count_before) AS did_times_before FROM (\
         SELECT events.visitor AS did_visitor, toUInt64(0) AS did_link, {counts} GROUP BY did_visitor \
         UNION ALL SELECT visitor AS did_visitor, person AS did_link, toUInt64(0) AS did_count, toUInt64(0) AS did_count_before \
         FROM analytics.people WHERE project = {{p4:String}}) GROUP BY did_visitor) GROUP BY did_person HAVING {having}))"
    )
}

#[test]
fn a_person_who_did_it_is_found_by_all_visitors() {
    let counts = |table: &str| {
        format!(
            "count() AS did_count, toUInt64(0) AS did_count_before FROM {table} WHERE project = {{p0:String}} \
             AND ts >= fromUnixTimestamp64Milli({{p1:Int64}}, 'UTC') AND ts < fromUnixTimestamp64Milli({{p2:Int64}}, 'UTC') \
             AND (event = {{p3:String}})"
        )
    };
    let (stored, merged) = (counts("analytics.events AS events"), counts("analytics.events AS events FINAL"));
    let buy = json!({"event": "buy"});
    let (text, values) = written(&json!({"did": {"events": buy}}));
    assert_eq!(text, condition(&stored, "sum(did_times) >= {p5:Int64}"));
    assert_eq!(values, json!({"p0": "shop", "p1": 10 * DAY_MS, "p2": 20 * DAY_MS, "p3": "buy", "p4": "shop", "p5": 1}));
    // Never is not once; so it needs nobody who did nothing.
    let (text, values) = written(&json!({"did": {"events": buy, "atMost": 0, "days": 30}}));
    assert_eq!(text, format!("NOT {}", condition(&stored, "sum(did_times) >= {p5:Int64}")));
    assert_eq!((&values["p1"], &values["p5"]), (&json!(0), &json!(1)));
    // An event that is stored twice counts once.
    let (text, values) = written(&json!({"did": {"events": buy, "atLeast": 2, "atMost": 5, "days": 3}}));
    assert_eq!(text, condition(&merged, "sum(did_times) >= {p5:Int64} AND sum(did_times) <= {p6:Int64}"));
    assert_eq!((&values["p1"], &values["p5"], &values["p6"]), (&json!(17 * DAY_MS), &json!(2), &json!(5)));
}

#[test]
fn the_first_time_is_looked_for_from_the_beginning() {
    let (text, values) = written(&json!({"did": {"firstTime": true}}));
    assert!(text.contains("countIf(ts >= fromUnixTimestamp64Milli({p0:Int64}, 'UTC')) AS did_count, "), "{text}");
    assert!(text.contains("countIf(ts < fromUnixTimestamp64Milli({p1:Int64}, 'UTC')) AS did_count_before "), "{text}");
    assert!(text.ends_with(" HAVING sum(did_times) >= {p6:Int64} AND sum(did_times_before) = 0))"), "{text}");
    assert_eq!((&values["p0"], &values["p3"], &values["p4"]), (&json!(10 * DAY_MS), &json!(0), &json!(20 * DAY_MS)));
}

#[test]
fn an_entry_is_joined_where_it_is_read() {
    let event = json!({"field": "session:channel", "value": "Direct"});
    let (text, _) = written(&json!({"all": [{"did": {"events": {"filter": event}}}, {"field": "os", "value": "iOS"}]}));
    assert!(text.contains("argMin(entry.channel, entry.moment) AS session_channel"), "{text}");
    let filter = read(&json!({"did": {"events": {"filter": event}}}), "filter", around(0, 1)).unwrap();
    assert!(filter.entries().is_empty(), "the events outside need none");
}

#[test]
fn where_nothing_is_linked_visitors_are_persons() {
    let json = json!({"did": {"events": {"event": "buy"}, "atLeast": 2, "atMost": 5}});
    let (text, _) = statement(&looked_up(&json, Links::None).unwrap());
    assert!(
        text.starts_with(
            "(events.visitor GLOBAL IN (SELECT did_visitor FROM (SELECT events.visitor AS did_visitor, toUInt64(0) AS did_link, count() AS did_count, "
        ),
        "{text}"
    );
    assert!(
        text.ends_with(" GROUP BY did_visitor) WHERE did_count >= {p4:Int64} AND did_count <= {p5:Int64}))"),
        "{text}"
    );
    let (text, _) = statement(&looked_up(&json!({"did": {"firstTime": true}}), Links::None).unwrap());
    assert!(text.ends_with(") WHERE did_count >= {p5:Int64} AND did_count_before = 0))"), "{text}");
}

#[test]
fn claims_are_read_without_aliases_where_there_are_none() {
    let json = json!({"did": {}});
    let (with_aliases, _) = statement(&looked_up(&json, Links::All).unwrap());
    let (text, values) = statement(&looked_up(&json, Links::Claims).unwrap());
    assert!(with_aliases.contains("FROM analytics.people WHERE project = "), "{with_aliases}");
    assert!(
        text.contains("FROM analytics.links FINAL WHERE is_claimed = 1 AND decision % 2 = 0 AND project = {p3:String} GROUP BY did_visitor) GROUP BY did_visitor)"),
        "{text}"
    );
    assert_eq!(values["p3"], "shop");
}

#[test]
fn a_cohort_stands_for_its_list_or_its_definition() {
    let (text, values) = statement(&looked_up(&json!({"not": {"cohort": "vips"}}), Links::None).unwrap());
    assert_eq!(
        text,
        "NOT (events.visitor GLOBAL IN (SELECT did_visitor FROM (SELECT visitor AS did_visitor, toUInt64(0) AS did_link, \
         toUInt64(1) AS did_count, toUInt64(0) AS did_count_before FROM analytics.cohort_members WHERE project = {p0:String} \
         AND list IN {p1:Array(UInt64)}) WHERE did_count > 0))"
    );
    assert_eq!(values, json!({"p0": "shop", "p1": [77]}));
    let (text, _) = statement(&looked_up(&json!({"cohort": "vips"}), Links::All).unwrap());
    assert!(text.contains(" UNION ALL SELECT visitor AS did_visitor, person AS did_link, "), "{text}");
    assert!(text.ends_with(" GROUP BY did_person HAVING sum(did_times) > 0))"), "{text}");
    // As if it stood there.
    let defined = json!({"all": [{"did": {"events": {"event": "buy"}, "days": 3}}, {"not": {"did": {"atLeast": 9}}}]});
    for links in [Links::None, Links::Claims, Links::All] {
        let by_name = looked_up(&json!({"cohort": "buyers"}), links).unwrap();
        assert_eq!(by_name, looked_up(&defined, links).unwrap());
        // Of another range as well.
        let earlier = around(4 * DAY_MS, 5 * DAY_MS);
        let there = settled(&read(&defined, "filter", earlier).unwrap(), &stored(), earlier, links).unwrap();
        assert_eq!(by_name.over(earlier), there);
    }
}

#[test]
fn a_cohort_that_is_none_is_named_with_its_place() {
    for (json, expected) in [
        (
            json!({"any": [{"cohort": "vip"}]}),
            "filter.any[0].cohort: there is no cohort \"vip\" in project \"shop\"; none is known",
        ),
        (
            json!({"cohort": "germans"}),
            "filter.cohort: the definition of \"germans\" is wrong: country is of single events",
        ),
        (
            json!({"cohort": "circle"}),
            "filter.cohort: the definition of \"circle\" is wrong: filter.not.cohort: a cohort is not defined by another",
        ),
        (
            json!({"cohort": "misspelt"}),
            "filter.cohort: the definition of \"misspelt\" is wrong: filter.did.event: there is no such field",
        ),
        (json!({"cohort": "empty"}), "filter.cohort: the definition of \"empty\" is wrong: it says nothing"),
        (
            json!({"all": [{"cohort": "many"}, {"cohort": "vips"}]}),
            "filter: with its cohorts, it asks 9 times what persons did, at most 8 are allowed",
        ),
    ] {
        let error = looked_up(&json, Links::All).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    looked_up(&json!({"cohort": "many"}), Links::All).unwrap();
    // Nobody forgets to look it up.
    assert!(written(&json!({"cohort": "vips"})).0.contains("throwIf(1, "));
}

#[test]
fn the_window_moves_with_the_range() {
    let json = json!({"any": [{"did": {"days": 2}}, {"not": {"did": {}}}]});
    let over = |filter: Tree<_>| {
        let mut sql = Sql::default();
        filter.write(&mut sql);
        sql
    };
    let earlier = around(4 * DAY_MS, 5 * DAY_MS);
    let moved = read(&json, "filter", around(10 * DAY_MS, 20 * DAY_MS)).unwrap().over(earlier);
    assert_eq!(over(moved), over(read(&json, "filter", earlier).unwrap()));
}

#[test]
fn what_is_done_on_a_page_is_found_by_the_project_s_rules() {
    let reading = Reading::new(PathRules::new(vec!["/a/*".to_owned()], false), 30);
    let filter = read(&json!({"did": {"events": {"path": "/a/*"}}}), "filter", around(0, 1)).unwrap();
    let mut sql = Sql::default();
    filter.over(Around { reading: &reading, ..around(0, 1) }).write(&mut sql);
    assert!(sql.as_text().contains("FROM (SELECT * REPLACE (replaceRegexpOne("), "{sql:?}");
    assert!(sql.as_text().contains(") AS events WHERE project = "), "{sql:?}");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (json, expected) in [
        (json!({"did": 3}), "filter.did: an object is expected, not 3"),
        (json!({"not": {"did": {"event": "a"}}}), "filter.not.did.event: there is no such field: did you mean events?"),
        (
            json!({"did": {"events": {"evnt": "a"}}}),
            "filter.did.events.evnt: there is no such field: did you mean event?",
        ),
        (
            json!({"did": {"events": {"filter": {"did": {}}}}}),
            "filter.did.events.filter.did: what a person did is asked in the query's own filter",
        ),
        (json!({"did": {"atLeast": 0}}), "filter.did.atLeast: 0 is not from 1 to 1000000"),
        (json!({"did": {"atMost": 1_000_001}}), "filter.did.atMost: 1000001 is not from 0 to 1000000"),
        (json!({"did": {"atLeast": 3, "atMost": 2}}), "filter.did.atMost: 2 is less than atLeast, 3"),
        (json!({"did": {"days": 3_661}}), "filter.did.days: 3661 is not from 1 to 3660"),
        (
            json!({"did": {"firstTime": true, "atMost": 2}}),
            "filter.did.firstTime: it goes with atLeast, not with atMost",
        ),
        (json!({"did": {}, "field": "os"}), "filter: it has did and field: one of them"),
        (json!({"cohort": ["a"]}), "filter.cohort: a cohort's name is expected, not [\"a\"]"),
        (json!({"cohort": ""}), "filter.cohort: a cohort's name has 1 to 100 characters, not 0"),
        (json!({"cohort": "x", "did": {}}), "filter: it has did and cohort: one of them"),
        (
            json!({"all": vec![json!({"did": {}}); 9]}),
            "filter: it asks 9 times what persons did, at most 8 are allowed",
        ),
    ] {
        let error: QueryError = read(&json, "filter", around(0, 1)).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
