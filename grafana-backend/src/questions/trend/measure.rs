//! What a series counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::QueryError,
    events::{dimension::Dimension, entry::Entries, event_filter::EventFilter},
    people::Persons,
    sql::Sql,
};

/// What is counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Events.
    Count,
    /// Distinct persons.
    Visitors,
    /// Distinct users; events without a user id are left out.
    Users,
    /// Distinct client's sessions; events without one are left out.
    Sessions,
    /// Events of a person, on average.
    PerVisitor,
    /// The sum of revenue.
    Revenue,
    /// Of the values of a column or property.
    Of(Aggregate, Dimension),
}

/// What is made of values. Those that are no numbers are left out, but where distinct ones are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// Between the two nearest.
    Quantile(Share),
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// How many different ones there are; an empty one is none.
    Distinct,
}

/// Of which share of the values a quantile is not exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Half,
    Of90,
    Of95,
    Of99,
}

impl Share {
    /// ClickHouse wants it as a part of the function's name, which no value can be.
    fn function(self) -> &'static str {
        match self {
            Self::Half => "quantileExactInclusiveIf(0.5)(",
            Self::Of90 => "quantileExactInclusiveIf(0.9)(",
            Self::Of95 => "quantileExactInclusiveIf(0.95)(",
            Self::Of99 => "quantileExactInclusiveIf(0.99)(",
        }
    }
}

/// By their names in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Measure")]
pub enum MeasureName {
    /// Events.
    #[default]
    Count,
    /// Distinct persons.
    Visitors,
    /// Distinct users.
    Users,
    /// Distinct client's sessions.
    Sessions,
    /// Events of a person, on average.
    PerVisitor,
    /// The sum of revenue.
    Revenue,
    /// The sum of the property's values.
    Sum,
    /// Their mean.
    Avg,
    /// Their median.
    Median,
    /// Their 90th percentile.
    P90,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile.
    P99,
    /// The least of them.
    Min,
    /// The greatest of them.
    Max,
    /// How many different ones there are.
    Distinct,
}

impl MeasureName {
    /// With the column or property that it is of, if any; `place` is the series'.
    ///
    /// # Errors
    /// If one is missing, or given where there is none.
    pub fn check(self, property: &str, place: &str) -> Result<Measure, QueryError> {
        let aggregate = match self {
            Self::Count => return without(property, place, Measure::Count),
            Self::Visitors => return without(property, place, Measure::Visitors),
            Self::Users => return without(property, place, Measure::Users),
            Self::Sessions => return without(property, place, Measure::Sessions),
            Self::PerVisitor => return without(property, place, Measure::PerVisitor),
            Self::Revenue => return without(property, place, Measure::Revenue),
            Self::Sum => Aggregate::Sum,
            Self::Avg => Aggregate::Avg,
            Self::Median => Aggregate::Quantile(Share::Half),
            Self::P90 => Aggregate::Quantile(Share::Of90),
            Self::P95 => Aggregate::Quantile(Share::Of95),
            Self::P99 => Aggregate::Quantile(Share::Of99),
            Self::Min => Aggregate::Min,
            Self::Max => Aggregate::Max,
            Self::Distinct => Aggregate::Distinct,
        };
        let place = format!("{place}.property");
        if property.is_empty() {
            return Err(QueryError::invalid(place, "this measure is of a column or property: name one"));
        }
        let dimension = Dimension::parse(property).map_err(|error| error.at(&place))?;
        Ok(Measure::Of(aggregate, dimension))
    }
}

fn without(property: &str, place: &str, measure: Measure) -> Result<Measure, QueryError> {
    match property.is_empty() {
        true => Ok(measure),
        false => Err(QueryError::invalid(format!("{place}.property"), "this measure is not of a property")),
    }
}

impl Measure {
    /// Whether those of buckets can be added up.
    pub fn adds_up(&self) -> bool {
        matches!(self, Self::Count | Self::Revenue | Self::Of(Aggregate::Sum, _))
    }

    /// Whether persons are told apart.
    pub fn counts_persons(&self) -> bool {
        matches!(self, Self::Visitors | Self::PerVisitor)
    }

    /// What it reads of the sessions' entries.
    pub fn entries(&self) -> Entries {
        match self {
            Self::Of(_, dimension) => dimension.entries(),
            _ => Entries::default(),
        }
    }

    /// Of no events.
    pub fn of_nothing(&self) -> Option<f64> {
        match self {
            Self::Of(Aggregate::Sum | Aggregate::Distinct, _) => Some(0.0),
            Self::Of(..) => None,
            _ => Some(0.0),
        }
    }

    /// Appends the number of the events that match; what it is not is not a number.
    pub fn write(&self, sql: &mut Sql, filter: &EventFilter, persons: Persons) {
        let filter = |sql: &mut Sql| filter.write(sql);
        let person = persons.expression();
        sql.text("toFloat64(");
        match self {
            Self::Count => sql.text("countIf(").sub(filter).text(")"),
            Self::Visitors => sql.text("uniqExactIf(").text(person).text(", ").sub(filter).text(")"),
            Self::Users => sql.text("uniqExactIf(user_id, user_id != '' AND ").sub(filter).text(")"),
            Self::Sessions => sql.text("uniqExactIf(session_id, session_id != '' AND ").sub(filter).text(")"),
            Self::PerVisitor => {
                sql.text("ifNotFinite(countIf(").sub(filter).text(") / uniqExactIf(").text(person);
                sql.text(", ").sub(filter).text("), 0)")
            }
            Self::Revenue => sql.text("sumIf(revenue_amount, ").sub(filter).text(")"),
            Self::Of(Aggregate::Distinct, of) => {
                let text = |sql: &mut Sql| of.write(sql);
                sql.text("uniqExactIf(").sub(text).text(", ").sub(text).text(" != '' AND ").sub(filter).text(")")
            }
            Self::Of(aggregate, of) => {
                let number = |sql: &mut Sql| {
                    sql.text("ifNull(toFloat64OrNull(").sub(|sql| of.write(sql)).text("), nan)");
                };
                let values = |sql: &mut Sql| {
                    sql.sub(number).text(", isFinite(").sub(number).text(") AND ").sub(filter).text(")");
                };
                match aggregate {
                    Aggregate::Sum | Aggregate::Distinct => sql.text("sumIf(").sub(values),
                    Aggregate::Avg => sql.text("avgIf(").sub(values),
                    Aggregate::Quantile(share) => sql.text(share.function()).sub(values),
                    // Of nothing, ClickHouse's least and greatest are 0.
                    Aggregate::Min => sql.text("minOrNullIf(").sub(values),
                    Aggregate::Max => sql.text("maxOrNullIf(").sub(values),
                }
            }
        };
        sql.text(")");
    }
}
