//! How much a project may store in a day and in a month, by UTC.
//!
//! An event counts when it is to be stored, and no longer if it turns out not to be: a duplicate, or one whose sender
//! has to send it again. The event that reaches a quota is the last one.

mod store;
mod usages;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, Datelike, Months, NaiveDate};

pub use usages::Usages;

const DAY_MS: i64 = 86_400_000;

/// What a project may store; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Quotas {
    pub events_per_day: Option<u64>,
    pub events_per_month: Option<u64>,
    /// Of the events' JSON, in the native format.
    pub bytes_per_day: Option<u64>,
    pub bytes_per_month: Option<u64>,
}

/// A quota that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the quota {field} = {quota} is used up until {}", vector_components::timestamp::to_rfc3339(*.until_ms))]
pub struct Exceeded {
    /// As the file names it.
    pub field: &'static str,
    /// How much it is.
    pub quota: u64,
    /// When the next day or month begins, in milliseconds since 1970 UTC.
    pub until_ms: i64,
}

/// What was stored in one day or month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    /// The day since 1970, or the month since the year 0.
    period: i32,
    events: u64,
    bytes: u64,
}

/// What a project has stored in this day and in this month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    day: Count,
    month: Count,
}

/// What a project has stored, shared by all requests.
#[derive(Debug, Default)]
pub struct Usage {
    counts: Mutex<Counts>,
    /// Since it was last written to disk.
    is_changed: AtomicBool,
}

/// What one event has used up; given back when it is dropped, unless the event is stored.
#[derive(Debug)]
pub struct Charge {
    usage: Arc<Usage>,
    day: i32,
    month: i32,
    bytes: u64,
    is_stored: bool,
}

impl Quotas {
    /// Whether there is any.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self, counts: &Counts, now_ms: i64) -> Result<(), Exceeded> {
        let Counts { day, month } = *counts;
        for (field, quota, used, is_of_day) in [
            ("events_per_day_max", self.events_per_day, day.events, true),
            ("bytes_per_day_max", self.bytes_per_day, day.bytes, true),
            ("events_per_month_max", self.events_per_month, month.events, false),
            ("bytes_per_month_max", self.bytes_per_month, month.bytes, false),
        ] {
            if let Some(quota) = quota
                && used >= quota
            {
                let until_ms = if is_of_day { next_day_ms(now_ms) } else { next_month_ms(now_ms) };
                return Err(Exceeded { field, quota, until_ms });
            }
        }
        Ok(())
    }
}

impl Usage {
    fn of(counts: Counts) -> Self {
        Self { counts: Mutex::new(counts), is_changed: AtomicBool::new(false) }
    }

    /// Whether another event may be stored.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, quotas: &Quotas, now_ms: i64) -> Result<(), Exceeded> {
        self.with(now_ms, |counts| quotas.check(counts, now_ms))
    }

    /// Counts an event that is to be stored.
    ///
    /// # Errors
    /// If it may not be.
    pub fn charge(self: &Arc<Self>, quotas: &Quotas, bytes: usize, now_ms: i64) -> Result<Charge, Exceeded> {
        let bytes = bytes as u64;
        let (day, month) = self.with(now_ms, |counts| {
            quotas.check(counts, now_ms)?;
            for count in [&mut counts.day, &mut counts.month] {
                count.events = count.events.saturating_add(1);
                count.bytes = count.bytes.saturating_add(bytes);
            }
            Ok((counts.day.period, counts.month.period))
        })?;
        self.is_changed.store(true, Ordering::Release);
        Ok(Charge { usage: Arc::clone(self), day, month, bytes, is_stored: false })
    }

    fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With the counts of today; a new day or month begins at zero. A clock that is set back a little begins none anew.
    fn with<T>(&self, now_ms: i64, work: impl FnOnce(&mut Counts) -> T) -> T {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, month) = (day(now_ms), month(now_ms));
        let counts = &mut *counts;
        for (count, period) in [(&mut counts.day, day), (&mut counts.month, month)] {
            if !(period..=period.saturating_add(1)).contains(&count.period) {
                *count = Count { period, ..Count::default() };
            }
        }
        work(counts)
    }
}

impl Charge {
    /// The event is stored: what it used up stays so.
    pub fn keep(mut self) {
        self.is_stored = true;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.is_stored {
            return;
        }
        let mut counts = self.usage.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, month) = (self.day, self.month);
        let Counts { day: of_day, month: of_month } = &mut *counts;
        for (count, period) in [(of_day, day), (of_month, month)] {
            if count.period == period {
                count.events = count.events.saturating_sub(1);
                count.bytes = count.bytes.saturating_sub(self.bytes);
            }
        }
        self.usage.is_changed.store(true, Ordering::Release);
    }
}

fn day(now_ms: i64) -> i32 {
    i32::try_from(now_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}

fn next_day_ms(now_ms: i64) -> i64 {
    (now_ms.div_euclid(DAY_MS) + 1) * DAY_MS
}

/// Months since the year 0.
fn month(now_ms: i64) -> i32 {
    let date = date(now_ms);
    date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0)
}

fn next_month_ms(now_ms: i64) -> i64 {
    let first = date(now_ms).with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    first.and_then(|first| first.and_hms_opt(0, 0, 0)).map_or(i64::MAX, |first| first.and_utc().timestamp_millis())
}

fn date(now_ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(now_ms).unwrap_or_default().date_naive()
}

#[cfg(test)]
mod tests;
