//! Prints the schema of all queries, for `cargo xtask types`.

fn main() -> serde_json::Result<()> {
    println!("{}", serde_json::to_string_pretty(&grafana_backend::questions::schema::schema())?);
    Ok(())
}
