//! The file of projects: TOML, a table `[projects.<name>]` for each. Everything in it is checked before anything of it
//! counts, and all that is wrong is told at once, by line and field.

mod key;
mod problem;
mod section;
mod value;

use std::{num::NonZeroU32, path::Path};

use toml::de::DeTable;
use vector_components::{
    Projects,
    privacy::AddressPolicy,
    project::{PROJECT_BYTES_MAX, PROJECTS_MAX},
    rejection::shown,
};

use super::{
    origins::{ORIGINS_MAX, Origin, Origins},
    quota::Quotas,
    reading::{RULES_BYTES_MAX, RULES_MAX, Reading, SESSION_MINUTES, check_rule},
    settings::{BotPolicy, DAYS_MAX, RETENTIONS_MAX, Settings},
};
use crate::limits::rate::Rate;
use key::KnownKeys;
use problem::Problems;
pub use problem::{FileError, Problem};
use section::{Found, Section};

/// The file, at most.
pub const FILE_BYTES_MAX: u64 = 4 << 20;
const RATE_MAX: u64 = 10_000_000;
/// What passes at once if the file does not say it, in seconds' worth.
const BURST_S: u64 = 10;
/// What passes at once of one address if the file does not say it, at least.
pub const ADDRESS_BURST_MIN: u64 = 100;
/// More than a counter can hold is no limit.
const QUOTA_MAX: u64 = i64::MAX.unsigned_abs();

/// What counts where the file says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// `FOOTFALL_CLIENT_IP`.
    pub client_ip: AddressPolicy,
    /// `FOOTFALL_BATCH_EVENTS_MAX`: a full batch must be able to pass a project's rate.
    pub batch_events_max: usize,
}

/// Reads the file's text.
///
/// # Errors
/// If it cannot be read, or is longer than [`FILE_BYTES_MAX`].
pub fn read(path: &Path) -> Result<String, FileError> {
    use std::io::Read;
    let unreadable = |why: String| FileError::Unreadable { path: path.to_owned(), why };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    match text.len() as u64 > FILE_BYTES_MAX {
        true => Err(unreadable(format!("has more than {FILE_BYTES_MAX} bytes, which is the most that are allowed"))),
        false => Ok(text),
    }
}

/// The projects of a text, in the order of their names.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(path: &Path, text: &str, defaults: &Defaults) -> Result<Vec<Settings>, FileError> {
    let mut problems = Problems::of(text);
    let settings = projects(text, defaults, &mut problems);
    match problems.into_sorted() {
        problems if problems.is_empty() => Ok(settings),
        problems => Err(FileError::Invalid { path: path.to_owned(), problems }),
    }
}

fn projects(text: &str, defaults: &Defaults, problems: &mut Problems<'_>) -> Vec<Settings> {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            // Its own text would quote the line, which may hold a key.
            problems.add(error.span().map_or(0, |span| span.start), "", format!("is no TOML: {}", error.message()));
            return Vec::new();
        }
    };
    let mut file = Section::new("", 0, table.into_inner());
    let Some(mut all) = file.section("projects", problems) else {
        file.finish(problems);
        problems.add(0, "projects", "is missing: give at least one table [projects.<name>]");
        return Vec::new();
    };
    file.finish(problems);
    let mut settings = Vec::new();
    let mut keys = KnownKeys::default();
    for (name, value) in all.rest() {
        let field = format!("projects.{}", name.value);
        if !is_name(&name.value) {
            let field = format!("projects.{}", shown(&name.value));
            let message = format!("is no project's name: 1 to {PROJECT_BYTES_MAX} letters, digits, '.', '_' and '-'");
            problems.add(name.at, field, message);
        } else if let Some(section) = Section::of_value(field, name.at, value, problems) {
            settings.push(project(name.value, section, defaults, &mut keys, problems));
        }
    }
    if settings.len() > PROJECTS_MAX {
        let message = format!("holds {} projects, at most {PROJECTS_MAX} are allowed", settings.len());
        problems.add(0, "projects", message);
    }
    let limited = settings.iter().filter(|settings| settings.retention_days.is_some_and(|days| days > 0)).count();
    if limited > RETENTIONS_MAX {
        let message = format!("holds retention_days for {limited} projects, at most {RETENTIONS_MAX} are allowed");
        problems.add(0, "projects", message);
    }
    if settings.is_empty() {
        problems.add(0, "projects", "holds none: give at least one table [projects.<name>]");
    }
    keys.check_names(&settings, problems);
    settings
}

fn is_name(name: &str) -> bool {
    Projects::parse(name).is_ok_and(|parsed| parsed.iter().eq([name]))
}

fn project(
    name: String,
    mut section: Section<'_>,
    defaults: &Defaults,
    known: &mut KnownKeys,
    problems: &mut Problems<'_>,
) -> Settings {
    let by_name = section.boolean("by_name", problems).unwrap_or(true);
    let keys = known.read(&name, &mut section, problems);
    let addresses =
        [("keep", AddressPolicy::Keep), ("truncate", AddressPolicy::Truncate), ("drop", AddressPolicy::Drop)];
    let settings = Settings {
        origins: origins(&mut section, problems),
        client_ip: section.word("client_ip", &addresses, problems).unwrap_or(defaults.client_ip),
        bots: section
            .word("bots", &[("keep", BotPolicy::Keep), ("drop", BotPolicy::Drop)], problems)
            .unwrap_or_default(),
        public_age_days_max: section
            .count("public_age_days_max", 1..=DAYS_MAX.into(), problems)
            .map_or(Settings::PUBLIC_AGE_DAYS_MAX, |days| u32::try_from(days.value).unwrap_or(u32::MAX)),
        retention_days: section
            .count("retention_days", 0..=DAYS_MAX.into(), problems)
            .map(|days| u32::try_from(days.value).unwrap_or(DAYS_MAX)),
        reading: Some(reading(&mut section, problems)),
        rate: rate(["events_per_s_max", "events_burst_max"], defaults.batch_events_max as u64, &mut section, problems),
        address_rate: rate(
            ["address_events_per_s_max", "address_events_burst_max"],
            ADDRESS_BURST_MIN,
            &mut section,
            problems,
        ),
        quotas: Quotas {
            events_per_day: section.count("events_per_day_max", 1..=QUOTA_MAX, problems).map(|found| found.value),
            events_per_month: section.count("events_per_month_max", 1..=QUOTA_MAX, problems).map(|found| found.value),
            bytes_per_day: section.count("bytes_per_day_max", 1..=QUOTA_MAX, problems).map(|found| found.value),
            bytes_per_month: section.count("bytes_per_month_max", 1..=QUOTA_MAX, problems).map(|found| found.value),
        },
        name,
        by_name,
        keys,
    };
    if !settings.by_name && settings.keys.iter().all(|key| key.is_revoked) {
        let message = "is false and there is no key that is not revoked: nobody could send";
        problems.add(section.at, section.name("by_name"), message);
    }
    section.finish(problems);
    settings
}

fn origins(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Origins> {
    let field = "allowed_origins";
    let texts = section.texts(field, ORIGINS_MAX, problems)?;
    let mut origins = Vec::with_capacity(texts.len());
    for Found { value, at } in texts {
        match value.parse::<Origin>() {
            Ok(origin) => origins.push(origin),
            Err(why) => problems.add(at, section.name(field), why),
        }
    }
    Some(Origins::new(origins))
}

/// What the file does not say is as if it had never been said.
fn reading(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Reading {
    let default = Reading::default();
    let ignore_trailing_slash =
        section.boolean("ignore_trailing_slash", problems).unwrap_or(default.ignore_trailing_slash);
    let timeout = section.count("session_timeout_min", SESSION_MINUTES, problems);
    Reading {
        path_rules: path_rules(ignore_trailing_slash, section, problems),
        ignore_trailing_slash,
        session_timeout_min: timeout
            .and_then(|minutes| u16::try_from(minutes.value).ok())
            .unwrap_or(default.session_timeout_min),
    }
}

fn path_rules(ignore_trailing_slash: bool, section: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let field = "path_rules";
    let texts = section.texts(field, RULES_MAX, problems).unwrap_or_default();
    let bytes: usize = texts.iter().map(|rule| rule.value.len()).sum();
    if let Some(last) = texts.last().filter(|_| bytes > RULES_BYTES_MAX) {
        let message = format!("have {bytes} bytes together, at most {RULES_BYTES_MAX} are allowed");
        problems.add(last.at, section.name(field), message);
    }
    let mut rules: Vec<String> = Vec::with_capacity(texts.len());
    for Found { value, at } in texts {
        if let Err(why) = check_rule(&value, ignore_trailing_slash) {
            problems.add(at, section.name(field), why);
        } else if rules.contains(&value) {
            problems.add(at, section.name(field), format!("holds {} twice", shown(&value)));
        }
        rules.push(value);
    }
    rules
}

/// None without a number for each second.
fn rate(
    [per_s, burst]: [&'static str; 2],
    burst_min: u64,
    section: &mut Section<'_>,
    problems: &mut Problems<'_>,
) -> Option<Rate> {
    let given = section.count(per_s, 1..=RATE_MAX, problems);
    let at_once = section.count(burst, 1..=RATE_MAX, problems);
    let Some(given) = given else {
        if let Some(at_once) = at_once {
            problems.add(at_once.at, section.name(burst), format!("says nothing without {per_s}"));
        }
        return None;
    };
    let at_once = at_once.map_or_else(|| given.value.saturating_mul(BURST_S).max(burst_min), |found| found.value);
    let number = |count: u64| u32::try_from(count).ok().and_then(NonZeroU32::new);
    Some(Rate { per_s: number(given.value)?, burst: number(at_once)? })
}

#[cfg(test)]
mod tests;
