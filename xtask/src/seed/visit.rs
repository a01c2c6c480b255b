//! One visit as rows: its source, its pages, and how far into the shop's funnel it gets.

use rand::{Rng, rngs::SmallRng};

use super::{
    row::SeedRow,
    world::{CHECKOUT, PAGE_COUNT, SIGN_UP, World, mix},
};
use crate::traffic::{ENTRIES, PAGES, SOURCES};

/// One in this many visits is from a client without session ids.
const WITHOUT_SESSION_OF: u64 = 10;
/// One in this many visits arrives late: the client was offline.
const LATE_OF: u64 = 40;
const LATE_MS_MAX: i64 = 36 * 3_600_000;
// Indices in [`super::row::EVENTS`].
const VIEW: u8 = 0;
const CLICK: u8 = 1;
const SIGNED_UP: u8 = 2;
const PURCHASE: u8 = 3;

/// Which visit it is.
pub struct Visit<'a> {
    /// Its project, and the project's index.
    pub project: (&'a str, u16),
    /// The project's seed.
    pub seed: u64,
    /// Its number within the project.
    pub number: u64,
    /// Its start.
    pub start_ms: i64,
    /// Its visitor's number within the project.
    pub person: u64,
}

/// Appends the visit's rows.
pub fn write(world: &World, visit: &Visit<'_>, rng: &mut SmallRng, rows: &mut Vec<SeedRow>) {
    let person = world.person(visit.project.0, visit.seed, visit.person);
    let draw = mix(visit.seed ^ mix(visit.number));
    let late = (draw >> 8).is_multiple_of(LATE_OF);
    let delay_ms = if late { rng.random_range(60_000..LATE_MS_MAX) } else { 0 };
    let base = SeedRow {
        project: visit.project.1,
        ts: visit.start_ms,
        event: VIEW,
        path: 0,
        agent: person.agent,
        place: person.place,
        source: index(rng, SOURCES.len()),
        entry: true,
        visitor: person.visitor,
        session: if draw.is_multiple_of(WITHOUT_SESSION_OF) { 0 } else { draw },
        event_id: 0,
        user: person.user,
        anonymous: person.anonymous,
        revenue: 0,
        property: 0,
        delay_ms,
    };
    let mut number = 0_u64;
    let mut at_ms = visit.start_ms;
    let mut push = |rng: &mut SmallRng, event: u8, path: u8, property: u8, revenue: i64| {
        rows.push(SeedRow {
            ts: at_ms,
            event,
            path,
            entry: number == 0,
            event_id: mix(draw.wrapping_add(number)) >> 16,
            property,
            revenue,
            delay_ms: delay_ms + rng.random_range(15..900),
            ..base
        });
        number += 1;
        at_ms += rng.random_range(1_500..95_000);
    };
    let entry = ENTRIES[usize::from(index(rng, ENTRIES.len()))];
    let entry = page(entry);
    push(rng, VIEW, entry, 0, 0);
    if !rng.random_bool(0.72) {
        return;
    }
    for _ in 0..rng.random_range(1..13) {
        let path = skewed(rng);
        push(rng, VIEW, path, 0, 0);
        if rng.random_bool(0.25) {
            let button = rng.random_range(1..5);
            push(rng, CLICK, path, button, 0);
        }
    }
    if rng.random_bool(0.45) {
        let pricing = page("/pricing");
        push(rng, VIEW, pricing, 0, 0);
        if rng.random_bool(0.5) {
            let plan = rng.random_range(5..8);
            push(rng, SIGNED_UP, SIGN_UP, plan, 0);
            if rng.random_bool(0.4) {
                let ten_thousandths = rng.random_range(900..19_900) * 100;
                push(rng, PURCHASE, CHECKOUT, 0, ten_thousandths);
            }
        }
    }
}

/// The index of a path in [`super::world::paths`].
fn page(path: &str) -> u8 {
    super::world::paths().iter().position(|known| *known == path).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// The first pages in the list are visited most.
fn skewed(rng: &mut SmallRng) -> u8 {
    let draw: f64 = rng.random::<f64>();
    debug_assert!(PAGES.len() == usize::from(PAGE_COUNT));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
    let at = (draw * draw * f64::from(PAGE_COUNT)) as u8;
    at.min(PAGE_COUNT - 1)
}

fn index(rng: &mut SmallRng, length: usize) -> u8 {
    u8::try_from(rng.random_range(0..length)).unwrap_or(0)
}
