//! Rows as one block of ClickHouse's Native format: by column, with dictionaries for
//! `LowCardinality`. With a row format the server hashes 30 strings per row, which takes most of
//! the time of a bulk insert.

use anyhow::{Context, ensure};
use serde_json::Value;
use vector_components::row::column;

use super::{
    row::{EVENTS, PROPERTIES, SeedRow},
    world::{World, paths, title},
};
use crate::traffic::{HOST, SOURCES};

/// The only version of a `LowCardinality` column's header.
const DICTIONARY_VERSION: u64 = 1;
/// "The keys follow" and "they replace the previous ones", combined with the index width.
const DICTIONARY_FLAGS: u64 = 1 << 9 | 1 << 10;
const INDEX_OF_2_BYTES: u64 = 1;

/// Encodes the rows; the columns' types are those of the list.
///
/// # Errors
/// Names a column that the list does not have, or has with another type.
pub fn encode(world: &World, projects: &[&str], rows: &[SeedRow]) -> anyhow::Result<Vec<u8>> {
    let mut block = Block { columns: 0, rows, out: Vec::with_capacity(rows.len() * 160) };
    let paths = paths();
    block.low("project", projects, |r| r.project.into())?;
    block.fixed("ts", |r| r.ts.to_le_bytes())?;
    block.low("event", &EVENTS, |r| r.event.into())?;
    block.fixed("visitor", |r| r.visitor.to_le_bytes())?;
    block.text("session_id", |r, out| {
        if r.session != 0 {
            hex(out, r.session)
        }
    })?;
    block.fixed("event_id", |r| r.event_id.to_le_bytes())?;
    block.text("user_id", |r, out| {
        if let Some(user) = r.user {
            write(out, format_args!("u{user}"))
        }
    })?;
    block.text("anonymous_id", |r, out| {
        if r.user.is_none() {
            hex(out, r.anonymous)
        }
    })?;
    block.low("path", &paths, |r| r.path.into())?;
    block.low("hostname", &[HOST.trim_start_matches("https://")], |_| 0)?;
    block.text("url_rest", |r, out| {
        out.push(b'~');
        out.extend_from_slice(if r.entry { SOURCES[usize::from(r.source)].0 } else { "" }.as_bytes());
    })?;
    let titles = paths.map(title);
    block.low("title", &titles.each_ref().map(String::as_str), |r| r.path.into())?;
    block.text("referrer", |r, out| {
        out.extend_from_slice(if r.entry { SOURCES[usize::from(r.source)].1 } else { "" }.as_bytes());
    })?;
    // After the sources comes what an event within a visit has.
    for name in ["referrer_host", "referrer_source", "channel", "utm_source", "utm_medium", "utm_campaign"] {
        let mut values = texts(&world.sources, name);
        values.push(if name == "channel" { "Direct" } else { "" });
        block.low(name, &values, |r| if r.entry { r.source.into() } else { world.sources.len() })?;
    }
    for name in ["locale", "country", "region", "city"] {
        block.low(name, &texts(&world.places, name), |r| r.place.into())?;
    }
    for name in ["browser", "browser_version", "os", "os_version", "device_type", "device_brand", "device_model", "bot"]
    {
        block.low(name, &texts(&world.agents, name), |r| r.agent.into())?;
    }
    block.low("app_version", &["1.4.0", "1.3.2"], |r| usize::from(r.visitor & 7 == 0))?;
    let scores: Vec<u8> = world.agents.iter().map(|row| if row["bot"] == "" { 0 } else { 100 }).collect();
    block.fixed("bot_score", |r| [scores[usize::from(r.agent)]])?;
    for name in ["latitude", "longitude"] {
        #[expect(clippy::cast_possible_truncation, reason = "degrees are stored as f32")]
        let degrees: Vec<f32> = world.places.iter().map(|row| row[name].as_f64().unwrap_or(0.0) as f32).collect();
        block.fixed(name, |r| degrees[usize::from(r.place)].to_le_bytes())?;
    }
    for (name, sizes) in [("screen_width", [1920_u16, 1440, 390, 412]), ("screen_height", [1080, 900, 844, 915])] {
        block.fixed(name, |r| sizes[usize::from(r.agent % 4)].to_le_bytes())?;
    }
    block.fixed("revenue_amount", |r| r.revenue.to_le_bytes())?;
    block.low("revenue_currency", &["", "EUR"], |r| usize::from(r.revenue != 0))?;
    block.properties()?;
    block.fixed("delay_s", |r| i32::try_from(r.delay_ms / 1000).unwrap_or(i32::MAX).to_le_bytes())?;
    let mut out = Vec::with_capacity(block.out.len() + 16);
    number(&mut out, block.columns);
    number(&mut out, rows.len());
    out.append(&mut block.out);
    Ok(out)
}

fn texts<'v>(rows: &'v [Value], name: &str) -> Vec<&'v str> {
    rows.iter().map(|row| row[name].as_str().unwrap_or("")).collect()
}

struct Block<'r> {
    columns: usize,
    rows: &'r [SeedRow],
    out: Vec<u8>,
}

impl Block<'_> {
    /// Name and type, which has to be one that `is_of_form` takes.
    fn head(&mut self, name: &str, is_of_form: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let column = column(name).with_context(|| format!("{name} is no column of analytics.events"))?;
        let of_type = column.clickhouse_type;
        ensure!(is_of_form(of_type), "{name} is a column of type {of_type}, which is encoded in another way");
        self.columns += 1;
        text(&mut self.out, name.as_bytes());
        text(&mut self.out, of_type.as_bytes());
        Ok(())
    }

    /// Numbers of `N` bytes.
    fn fixed<const N: usize>(&mut self, name: &str, pick: impl Fn(&SeedRow) -> [u8; N]) -> anyhow::Result<()> {
        self.head(name, |of_type| fixed_bytes(of_type) == Some(N))?;
        self.rows.iter().for_each(|row| self.out.extend_from_slice(&pick(row)));
        Ok(())
    }

    fn text(&mut self, name: &str, put: impl Fn(&SeedRow, &mut Vec<u8>)) -> anyhow::Result<()> {
        self.head(name, |of_type| of_type == "String")?;
        let mut value = Vec::new();
        for row in self.rows {
            value.clear();
            put(row, &mut value);
            text(&mut self.out, &value);
        }
        Ok(())
    }

    /// The values of the column, and which of them a row has.
    fn low(&mut self, name: &str, values: &[&str], pick: impl Fn(&SeedRow) -> usize) -> anyhow::Result<()> {
        self.head(name, |of_type| of_type == "LowCardinality(String)")?;
        self.out.extend_from_slice(&DICTIONARY_VERSION.to_le_bytes());
        dictionary(&mut self.out, values, self.rows.iter().map(pick));
        Ok(())
    }

    fn properties(&mut self) -> anyhow::Result<()> {
        self.head("properties", |of_type| of_type == "Map(LowCardinality(String), String)")?;
        self.out.extend_from_slice(&DICTIONARY_VERSION.to_le_bytes());
        let mut end = 0_u64;
        for row in self.rows {
            end += u64::from(row.property != 0);
            self.out.extend_from_slice(&end.to_le_bytes());
        }
        let present = || self.rows.iter().map(|row| usize::from(row.property)).filter(|at| *at != 0);
        dictionary(&mut self.out, &PROPERTIES.map(|(name, _)| name), present());
        present().for_each(|at| text(&mut self.out, PROPERTIES[at].1.as_bytes()));
        Ok(())
    }
}

/// The bytes of a number of this type.
fn fixed_bytes(of_type: &str) -> Option<usize> {
    match of_type {
        "UInt8" => Some(1),
        "UInt16" => Some(2),
        "UInt32" | "Int32" | "Float32" => Some(4),
        "UInt64" | "DateTime64(3, 'UTC')" | "Decimal(18, 4)" => Some(8),
        _ => None,
    }
}

/// Distinct keys, then one index per row; empty for no rows.
fn dictionary(out: &mut Vec<u8>, values: &[&str], rows: impl Iterator<Item = usize>) {
    let mut keys: Vec<&str> = vec![""];
    let indexes: Vec<[u8; 2]> = values
        .iter()
        .map(|value| {
            let at = keys.iter().position(|key| key == value).unwrap_or_else(|| {
                keys.push(value);
                keys.len() - 1
            });
            u16::try_from(at).unwrap_or(0).to_le_bytes()
        })
        .collect();
    let mut body = Vec::new();
    rows.for_each(|at| body.extend_from_slice(&indexes[at]));
    if body.is_empty() {
        return;
    }
    out.extend_from_slice(&(DICTIONARY_FLAGS | INDEX_OF_2_BYTES).to_le_bytes());
    out.extend_from_slice(&(keys.len() as u64).to_le_bytes());
    keys.iter().for_each(|key| text(out, key.as_bytes()));
    out.extend_from_slice(&(body.len() as u64 / 2).to_le_bytes());
    out.append(&mut body);
}

fn hex(out: &mut Vec<u8>, value: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend((0..16).rev().map(|place| DIGITS[usize::from((value >> (place * 4)) as u8 & 15)]));
}

fn write(out: &mut Vec<u8>, value: std::fmt::Arguments<'_>) {
    // Writing into memory does not fail.
    let _ = std::io::Write::write_fmt(out, value);
}

fn text(out: &mut Vec<u8>, value: &[u8]) {
    number(out, value.len());
    out.extend_from_slice(value);
}

/// LEB128.
fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
