//! Vector's own commands know the components and accept the shipped files.

use std::path::Path;

use anyhow::ensure;

use crate::{clickhouse::Server, vector};

const FILES: [&str; 6] = ["metrics.yaml", "footfall.yaml", "http.yaml", "stock.yaml", "tests.yaml", "http-tests.yaml"];
const COMPONENTS: [&str; 2] = ["footfall_enrich", "footfall_validate"];

/// `validate`, `test`, `list`, `generate`, `generate-schema`, `vrl`.
pub fn run(program: &Path, folder: &Path) -> anyhow::Result<&'static str> {
    let nowhere = Server::without_user("http://127.0.0.1:1");
    let place = vector::place(folder, &FILES, "127.0.0.1:1", &nowhere)?;
    for name in ["clickhouse_user", "clickhouse_password"] {
        std::fs::write(place.folder.join("secrets").join(name), "x")?;
    }
    let vector = |arguments: &[&str]| vector::command(program, &place.folder, arguments);
    for file in ["footfall.yaml", "http.yaml", "stock.yaml"] {
        vector(&["validate", "--skip-healthchecks", "--deny-warnings", file, "data.yaml", "metrics.yaml"])?;
    }
    for (file, tests) in [("footfall.yaml", "tests.yaml"), ("http.yaml", "http-tests.yaml")] {
        let said = vector(&["test", file, tests])?;
        ensure!(said.contains("passed"), "{tests}: no tests ran:\n{said}");
    }
    let (list, schema) = (vector(&["list"])?, vector(&["generate-schema"])?);
    for component in COMPONENTS {
        ensure!(list.contains(component), "`vector list` has no {component}");
        ensure!(schema.contains(component), "`vector generate-schema` has no {component}");
        let generated = vector(&["generate", &format!("stdin/{component}/console")])?;
        ensure!(generated.contains(component), "`vector generate` has no {component}:\n{generated}");
    }
    refused(program, &place.folder)?;
    let channel =
        vector(&["vrl", "--print-object", r#".channel = channel_group("https://shop.example/?utm_medium=email")"#])?;
    ensure!(channel.contains("Email"), "`vector vrl` does not know channel_group: {channel}");
    Ok("vector validate, test, list, generate, generate-schema and vrl know the components")
}

/// Misspelt options and invalid values cause errors that name them.
fn refused(program: &Path, folder: &Path) -> anyhow::Result<()> {
    for (option, named) in [
        ("geo_ip: /x", "geo_ip"),
        ("geoip: /nowhere/City.mmdb", "geoip: cannot read /nowhere/City.mmdb"),
        ("geoip_language: xx", "geoip_language"),
        ("salt: abc", "salt: not 32 hexadecimal digits"),
        ("output: text", "text"),
    ] {
        let config = format!(
            "sources: {{in: {{type: stdin}}}}\ntransforms:\n  enrich:\n    type: footfall_enrich\n    inputs: [in]\n    {option}\n\
             sinks: {{out: {{type: blackhole, inputs: [enrich, enrich.dropped]}}}}\n"
        );
        std::fs::write(folder.join("refused.yaml"), config)?;
        let said = vector::command(program, folder, &["validate", "refused.yaml", "data.yaml"]);
        let said = said.err().map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(said.contains(named), "{option} is not rejected with {named:?}:\n{said}");
    }
    Ok(())
}
