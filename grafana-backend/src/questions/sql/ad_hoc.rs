//! Ad hoc filters as a condition of a person's statement: the filter's own condition, with its values among those of
//! the statement.

use super::variables::Bindings;
use crate::{
    clickhouse::Bound,
    events::filter::Filter,
    sql::{Sql, Value},
};

/// The condition on the columns of `analytics.events`.
pub(super) fn condition(filter: &Filter, bindings: &mut Bindings) -> String {
    let mut sql = Sql::default();
    filter.write(&mut sql);
    let (mut text, values) = sql.into_parts();
    for (name, value) in values {
        let (kind, value) = bound(value);
        let place = bindings.bind_as(kind, value);
        text = text.replace(&format!("{{{name}:{kind}}}"), &place);
    }
    text
}

fn bound(value: Value) -> (&'static str, Bound) {
    match value {
        Value::String(value) => ("String", Bound::One(value)),
        Value::Int(value) => ("Int64", Bound::One(value.to_string())),
        Value::Float(value) => ("Float64", Bound::One(value.to_string())),
        Value::Strings(values) => ("Array(String)", Bound::Several(values)),
        Value::Ints(values) => ("Array(Int64)", Bound::One(array(&values))),
        Value::UInts(values) => ("Array(UInt64)", Bound::One(array(&values))),
    }
}

fn array<N: ToString>(values: &[N]) -> String {
    format!("[{}]", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}
