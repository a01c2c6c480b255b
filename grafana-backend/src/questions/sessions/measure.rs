//! The numbers that sessions have, as the columns of docs/queries/sessions.md.

/// A number of sessions; each is a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Sessions,
    Visitors,
    Events,
    PageViews,
    AvgDuration,
    MedianDuration,
    P90Duration,
    PagesPerSession,
    BounceRate,
}

/// All, by their columns' names.
pub const MEASURES: [(Measure, &str); 9] = [
    (Measure::Sessions, "sessions"),
    (Measure::Visitors, "visitors"),
    (Measure::Events, "events"),
    (Measure::PageViews, "page_views"),
    (Measure::AvgDuration, "avg_duration_s"),
    (Measure::MedianDuration, "median_duration_s"),
    (Measure::P90Duration, "p90_duration_s"),
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
        matches!(self, Self::MedianDuration | Self::P90Duration)
    }
}
