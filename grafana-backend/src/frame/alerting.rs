//! A frame as Grafana's alerting takes it: a number per row with its labels, or series over time. A rule evaluates
//! each number by its labels, so that two measures without a label of their own could not be told apart.

use super::{Column, Frame, Values};
use crate::error::QueryError;

/// The label that tells measures apart.
const MEASURE: &str = "measure";
/// Numbers that say which row it is.
const PLACES: [&str; 3] = ["period", "periods", "step"];
/// Numbers that say something about the row's other numbers.
const REMARKS: [&str; 3] = ["complete", "mature", "up_to_s"];

impl Frame {
    /// The same numbers in the shape that alerting takes.
    ///
    /// # Errors
    /// If there is no number in it, as in a list of events.
    pub fn for_alerting(&self) -> Result<Frame, QueryError> {
        let columns = self.columns.iter().filter(|column| !REMARKS.contains(&column.name.as_str()));
        let columns: Vec<Column> = columns.map(Column::as_place).collect();
        let (numbers, others): (Vec<Column>, Vec<Column>) = columns.into_iter().partition(Column::is_number);
        if numbers.is_empty() {
            let message = "the result lists rows without a number, which alert rules do not take";
            return Err(QueryError::invalid("queryType", message));
        }
        let has_time = others.iter().any(|column| matches!(column.values, Values::Time(_)));
        let has_labels = others.iter().any(|column| matches!(column.values, Values::String(_)));
        let columns = match (numbers.len(), has_time && !has_labels) {
            (1, _) => others.into_iter().chain(numbers).collect(),
            // A series per measure.
            (_, true) => others.into_iter().chain(numbers.into_iter().map(Column::labelled)).collect(),
            // A row per measure.
            (_, false) => stacked(&others, &numbers),
        };
        let columns = if has_time && has_labels { by_time(&columns) } else { columns };
        Ok(Frame { columns, meta: self.meta.clone(), executed: self.executed.clone(), ..Frame::new(self.name) })
    }
}

impl Column {
    fn is_number(&self) -> bool {
        matches!(self.values, Values::Integer(_) | Values::Number(_))
    }

    /// A number that says which row it is becomes a label.
    fn as_place(&self) -> Column {
        match &self.values {
            Values::Integer(values) if PLACES.contains(&self.name.as_str()) => {
                Column::string(&self.name, values.iter().map(|value| value.map(|value| value.to_string())).collect())
            }
            _ => self.clone(),
        }
    }

    fn labelled(self) -> Column {
        let name = self.name.clone();
        self.with_label(MEASURE, &name)
    }

    fn numbers(&self) -> Vec<Option<f64>> {
        match &self.values {
            #[expect(clippy::cast_precision_loss, reason = "alerting computes with floating point")]
            Values::Integer(values) => values.iter().map(|value| value.map(|value| value as f64)).collect(),
            Values::Number(values) => values.clone(),
            Values::Time(_) | Values::String(_) => Vec::new(),
        }
    }
}

/// The rows in the order of their first time: alerting makes series of a table only if it is sorted.
fn by_time(columns: &[Column]) -> Vec<Column> {
    let times = columns.iter().find_map(|column| match &column.values {
        Values::Time(times) => Some(times),
        _ => None,
    });
    let Some(times) = times else { return columns.to_vec() };
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by_key(|row| times[*row]);
    let sorted = |column: &Column| Column {
        values: match &column.values {
            Values::Time(values) => Values::Time(pick(values, &order)),
            Values::String(values) => Values::String(pick(values, &order)),
            Values::Integer(values) => Values::Integer(pick(values, &order)),
            Values::Number(values) => Values::Number(pick(values, &order)),
        },
        ..column.clone()
    };
    columns.iter().map(sorted).collect()
}

fn pick<V: Clone>(values: &[Option<V>], order: &[usize]) -> Vec<Option<V>> {
    order.iter().map(|row| values.get(*row).cloned().flatten()).collect()
}

/// Every row once per measure, in the order of the rows.
fn stacked(others: &[Column], numbers: &[Column]) -> Vec<Column> {
    let times = numbers.len();
    let repeated = others.iter().map(|column| {
        let values = match &column.values {
            Values::Time(values) => Values::Time(repeat(values, times)),
            Values::String(values) => Values::String(repeat(values, times)),
            Values::Integer(values) => Values::Integer(repeat(values, times)),
            Values::Number(values) => Values::Number(repeat(values, times)),
        };
        Column { values, ..column.clone() }
    });
    let each: Vec<Vec<Option<f64>>> = numbers.iter().map(Column::numbers).collect();
    let rows = each.first().map_or(0, Vec::len);
    let measures = (0..rows).flat_map(|_| numbers.iter().map(|column| Some(column.name.clone()))).collect();
    let values = (0..rows).flat_map(|row| each.iter().map(move |values| values.get(row).copied().flatten())).collect();
    repeated.chain([Column::string(MEASURE, measures), Column::number("value", values)]).collect()
}

fn repeat<V: Clone>(values: &[V], times: usize) -> Vec<V> {
    values.iter().flat_map(|value| std::iter::repeat_n(value.clone(), times)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn frame(columns: Vec<Column>) -> Frame {
        Frame { columns, ..Frame::new("test") }
    }

    #[test]
    fn several_measures_become_rows_with_a_label() {
        let country = Column::string("country", vec![Some("DE".into()), Some("SE".into())]);
        let sessions = Column::integer("sessions", vec![Some(3), Some(4)]);
        let rate = Column::number("bounce_rate", vec![Some(0.5), None]);
        let alerting = frame(vec![country, sessions, rate]).for_alerting().unwrap();
        assert_eq!(alerting.column_json("country"), json!(["DE", "DE", "SE", "SE"]));
        assert_eq!(alerting.column_json("measure"), json!(["sessions", "bounce_rate", "sessions", "bounce_rate"]));
        assert_eq!(alerting.column_json("value"), json!([3.0, 0.5, 4.0, null]));
    }

    #[test]
    fn several_measures_over_time_are_series_with_a_label() {
        let time = Column::time("time", vec![Some(0), Some(1)]);
        let columns =
            vec![time, Column::integer("new", vec![Some(1), Some(2)]), Column::integer("dormant", vec![Some(0); 2])];
        let alerting = frame(columns).for_alerting().unwrap();
        let labels: Vec<_> = alerting.columns.iter().map(|column| column.labels.get(MEASURE).cloned()).collect();
        assert_eq!(labels, [None, Some("new".into()), Some("dormant".into())]);
    }

    #[test]
    fn one_number_stays_as_it_is_and_a_step_is_a_label() {
        let columns = vec![Column::integer("step", vec![Some(1)]), Column::integer("count", vec![Some(7)])];
        let alerting = frame(columns).for_alerting().unwrap();
        assert_eq!((alerting.column_json("step"), alerting.column_json("count")), (json!(["1"]), json!([7])));
        let remark = vec![Column::integer("count", vec![Some(7)]), Column::integer("mature", vec![Some(1)])];
        assert_eq!(frame(remark).for_alerting().unwrap().columns.len(), 1);
    }

    #[test]
    fn a_table_over_time_is_sorted_by_time() {
        let columns = vec![
            Column::time("time", vec![Some(0), Some(1), Some(0), Some(1)]),
            Column::string("country", ["DE", "DE", "SE", "SE"].map(|name| Some(name.to_owned())).to_vec()),
            Column::number("value", vec![Some(1.0), Some(2.0), Some(3.0), None]),
        ];
        let alerting = frame(columns).for_alerting().unwrap();
        assert_eq!(alerting.column_json("time"), json!([0, 0, 1, 1]));
        assert_eq!(alerting.column_json("country"), json!(["DE", "SE", "DE", "SE"]));
        assert_eq!(alerting.column_json("value"), json!([1.0, 3.0, 2.0, null]));
    }

    #[test]
    fn a_list_without_numbers_is_refused() {
        let list = frame(vec![Column::string("event", vec![Some("a".into())])]);
        assert!(list.for_alerting().unwrap_err().to_string().contains("alert rules do not take"));
    }
}
