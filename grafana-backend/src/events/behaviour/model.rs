//! What is asked about a person.

use chrono_tz::Tz;

use crate::{
    events::{event_filter::EventFilter, reading::Reading},
    linked::Links,
    time::{range::Range, zone},
};

/// Whose events are looked at, and the range that a query is about.
#[derive(Debug, Clone, Copy)]
pub struct Around<'p> {
    /// The project.
    pub project: &'p str,
    /// The range.
    pub range: Range,
    /// The viewer's zone.
    pub zone: Tz,
    /// How the project's events are read.
    pub reading: &'p Reading,
}

/// A person did something so many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Did {
    /// What.
    pub events: EventFilter,
    /// So often at least; at least once.
    pub least: u64,
    /// So often at most, if there is a limit.
    pub most: Option<u64>,
    /// And never before the window.
    pub first_time: bool,
    /// The days before the range's end in which it counts; the range itself if absent.
    pub days: Option<u32>,
    /// In which project.
    pub project: String,
    /// When.
    pub window: Window,
    /// How its events are read.
    pub reading: Reading,
    /// What makes persons of its visitors.
    pub links: Links,
}

/// A person is on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The list's number.
    pub list: u64,
    /// Of which project.
    pub project: String,
    /// What makes persons of its visitors.
    pub links: Links,
}

/// When it counts: half-open, in milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub from_ms: i64,
    /// The first instant after it.
    pub to_ms: i64,
}

impl Window {
    /// So many days of the zone before the range's end, or the range.
    #[must_use]
    pub fn of(days: Option<u32>, around: Around<'_>) -> Self {
        let Range { from_ms, to_ms, .. } = around.range;
        // Nothing is stored of before 1970.
        let days_before = |days: u32| zone::days_earlier(to_ms, days.into(), around.zone).clamp(0, to_ms.max(0));
        Self { from_ms: days.map_or(from_ms, days_before), to_ms }
    }
}

impl Did {
    /// These events at least once within the range.
    #[must_use]
    pub fn once(events: EventFilter, around: Around<'_>) -> Self {
        let (project, window) = (around.project.to_owned(), Window::of(None, around));
        Self {
            events,
            least: 1,
            most: None,
            first_time: false,
            days: None,
            project,
            window,
            reading: around.reading.clone(),
            links: Links::default(),
        }
    }

    /// The same, with what makes persons of its visitors.
    #[must_use]
    pub fn linked(&self, links: Links) -> Self {
        Self { links, ..self.clone() }
    }

    /// The same around another range.
    #[must_use]
    pub fn over(&self, around: Around<'_>) -> Self {
        Self { window: Window::of(self.days, around), reading: around.reading.clone(), ..self.clone() }
    }

    /// Whether one event is enough, stored once or twice.
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.least == 1 && self.most.is_none()
    }
}
