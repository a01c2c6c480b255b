//! Tables and bars for the terminal.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::pipeline::Pipeline;
use crate::root;

const BAR_WIDTH: usize = 44;

/// Sessions: the totals, then by country.
pub fn sessions(
    out: &mut impl Write,
    totals: &[Map<String, Value>],
    countries: &[Map<String, Value>],
) -> io::Result<()> {
    writeln!(out, "\nSessions, the whole year (queried through the datasource plugin)\n")?;
    writeln!(
        out,
        "  {:<12}{:>10}{:>10}{:>12}{:>14}{:>10}",
        "country", "sessions", "visitors", "pages/sess.", "avg. duration", "bounce"
    )?;
    for row in countries.iter().chain(totals) {
        let name = row.get("country").map_or("all", |v| v.as_str().filter(|s| !s.is_empty()).unwrap_or("(unknown)"));
        let number = |key: &str| row.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        writeln!(
            out,
            "  {name:<12}{:>10}{:>10}{:>12.2}{:>14}{:>9.1}%",
            number("sessions"),
            number("visitors"),
            number("pages_per_session"),
            duration(number("avg_duration_s")),
            number("bounce_rate") * 100.0
        )?;
    }
    Ok(())
}

/// The funnel as bars.
pub fn funnel(out: &mut impl Write, steps: &[Map<String, Value>]) -> io::Result<()> {
    writeln!(out, "\nFunnel: visitors, 7 days to convert\n")?;
    for row in steps {
        let number = |key: &str| row.get(key).and_then(Value::as_f64);
        let rate = number("rate").unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a bar's width"
        )]
        let width = (rate.clamp(0.0, 1.0) * BAR_WIDTH as f64).round() as usize;
        let name = row.get("step").and_then(Value::as_str).unwrap_or_default();
        let median = number("median_s").map_or_else(String::new, |s| format!("  median {}", duration(s)));
        let lost = number("drop_off").filter(|lost| *lost > 0.0).map_or_else(String::new, |lost| format!("  −{lost}"));
        let bar = "█".repeat(width) + &"░".repeat(BAR_WIDTH - width);
        writeln!(out, "  {name:<10} {bar} {:>7} {:>5.1}%{lost}{median}", number("count").unwrap_or(0.0), rate * 100.0)?;
    }
    Ok(())
}

/// What is up, and what to try; `dashboards` is their page's URL.
pub fn what_runs(pipeline: &Pipeline, dashboards: Option<&str>) {
    let passwords = pipeline.folder.join("clickhouse");
    let passwords = passwords.strip_prefix(root()).unwrap_or(&passwords).display();
    let (url, clickhouse) = (&pipeline.url, &pipeline.clickhouse.url);
    if let Some(dashboards) = dashboards {
        eprintln!(
            "\nDashboards (a preview; use them in Grafana):\n\n  {dashboards}/?dashboard=overview&from=now-30d\n  {dashboards}/?explore"
        );
    }
    eprintln!(
        "\nEverything keeps running until Ctrl-C. Try:\n\n  \
         curl -i {url} -H 'X-App: website' -H 'Content-Type: application/json' \\\n    \
         -d '{{\"type\": \"click\", \"user_id\": \"1\", \"session_id\": \"FaAa31\", \"path\": \"/getting-started\"}}'\n  \
         curl -u default:$(cat {passwords}/engine-password) {clickhouse} \\\n    \
         -d 'SELECT event, count() FROM analytics.events GROUP BY event FORMAT PrettyCompact'\n  \
         curl {url}/metrics\n\n\
         In your own Grafana (docs/install.md), set the data source's URL to {clickhouse}, the user to reader, \
         and the password to the contents of {passwords}/reader-password."
    );
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3_600.0 => format!("{:.1} min", s / 60.0),
        s if s < 86_400.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}
