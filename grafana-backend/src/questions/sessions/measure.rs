//! The numbers that sessions have, as the columns of docs/queries/sessions.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of sessions; each is a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SessionMeasure")]
pub enum Measure {
    Sessions,
    Visitors,
    Events,
    PageViews,
    AvgDurationS,
    MedianDurationS,
    P90DurationS,
    PagesPerSession,
    BounceRate,
}

/// All, by their columns' names.
pub const MEASURES: [(Measure, &str); 9] = [
    (Measure::Sessions, "sessions"),
    (Measure::Visitors, "visitors"),
    (Measure::Events, "events"),
    (Measure::PageViews, "page_views"),
    (Measure::AvgDurationS, "avg_duration_s"),
    (Measure::MedianDurationS, "median_duration_s"),
    (Measure::P90DurationS, "p90_duration_s"),
    (Measure::PagesPerSession, "pages_per_session"),
    (Measure::BounceRate, "bounce_rate"),
];

impl Measure {
    /// The column's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        MEASURES.iter().find(|(measure, _)| *measure == self).map_or("", |(_, name)| name)
    }

    /// Quantiles cost a sort, so they are shown only if they are asked for.
    #[must_use]
    pub fn is_quantile(self) -> bool {
        matches!(self, Self::MedianDurationS | Self::P90DurationS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_a_measure_as_its_column_is_called() {
        for (measure, name) in MEASURES {
            assert_eq!(serde_json::to_value(measure).unwrap(), name);
        }
    }
}
