//! The gateway's OpenAPI document, by a peer that makes requests of it: Schemathesis sends what the document allows and
//! what it does not, and compares each answer with what is documented.

use std::{path::Path, process::Command};

use anyhow::ensure;

use crate::{gateway, process::run_to_end, root};

/// Requests for each operation and kind of test.
const EXAMPLES_MAX: &str = "25";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance";

/// Starts a gateway, and Schemathesis against it.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    std::fs::create_dir_all(folder)?;
    let venv = folder.join("venv");
    run_to_end(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let requirements = root().join("tests/openapi/requirements.txt");
    run_to_end(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "-r"]).arg(requirements))?;
    let gateway = gateway::start(folder, "app,website", None).await?;
    let mut schemathesis = Command::new(venv.join("bin/schemathesis"));
    schemathesis.arg("run").arg(format!("{}/v1/openapi.json", gateway.url)).args(["--checks", CHECKS]);
    schemathesis.args(["--max-examples", EXAMPLES_MAX, "--seed", "1", "--header", "X-App: app"]);
    run_to_end(schemathesis.current_dir(folder))?;
    // It has sent events as well as rubbish: the ledger is as it should be.
    let key = std::fs::read_to_string(folder.join("gateway/operator-key"))?;
    let ledger =
        reqwest::Client::new().get(format!("{}/v1/ledger", gateway.url)).bearer_auth(key.trim()).send().await?;
    let total = ledger.json::<serde_json::Value>().await?["total"].clone();
    let count = |name: &str| total[name].as_u64().unwrap_or_default();
    let outcomes: u64 = ["stored", "duplicate", "dropped", "failed", "pending"].map(count).iter().sum();
    ensure!(count("stored") > 0 && count("dropped") > 0 && count("received") == outcomes, "the ledger says {total}");
    gateway.stop().await?;
    Ok("Schemathesis on the running gateway: each answer is as /v1/openapi.json says; the ledger adds up")
}
