//! `dead-letters list`.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use vector_components::timestamp;

use super::{Which, pages::Letters};
use crate::{config::Config, dead_letters::DeadLetter};

/// Show dropped events, oldest first.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    which: Which,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// One JSON object a line, with the event.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    received_at: String,
    project: String,
    reason: &'a str,
    field: &'a str,
    detail: &'a str,
    origin: &'a str,
    visitor: String,
    bytes: u64,
    body: std::borrow::Cow<'a, str>,
}

pub(super) async fn run(options: &Options, config: &Config) -> anyhow::Result<()> {
    let mut letters = Letters::open(config, options.which.selection()?).await?;
    let shown = show(options, &mut letters).await;
    letters.close().await?;
    shown
}

async fn show(options: &Options, letters: &mut Letters) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let mut left = options.limit;
    loop {
        let page = letters.next().await?;
        if page.is_empty() || left == 0 {
            return Ok(());
        }
        for letter in page.iter().take(left) {
            let line = if options.json { json(letter)? } else { line(letter) };
            writeln!(out, "{line}")?;
        }
        left = left.saturating_sub(page.len());
    }
}

fn line(letter: &DeadLetter) -> String {
    let at = timestamp::to_rfc3339(letter.received_at_ms);
    let is_kept = if letter.body.is_empty() { ", the event is not kept" } else { "" };
    let project = letter.project_named();
    // What stands in it came from a client: no control character may reach a terminal.
    let detail: String = letter.detail.chars().flat_map(char::escape_debug).collect();
    let (id, reason, field, bytes) = (letter.id, &letter.reason, &letter.field, letter.bytes);
    format!("{id}  {at}  {project:<16} {reason:<24} {field:<16} {bytes} bytes{is_kept}: {detail}")
}

fn json(letter: &DeadLetter) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&Shown {
        id: letter.id.to_string(),
        received_at: timestamp::to_rfc3339(letter.received_at_ms),
        project: letter.project_named(),
        reason: &letter.reason,
        field: &letter.field,
        detail: &letter.detail,
        origin: &letter.origin,
        visitor: letter.visitor.to_string(),
        bytes: letter.bytes,
        body: String::from_utf8_lossy(&letter.body),
    })?)
}
