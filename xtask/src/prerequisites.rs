//! What a command needs on the machine, and how to install what is missing.

use std::process::{Command, Stdio};

use anyhow::bail;

/// A tool, how to check for it, and how to install it.
pub struct Tool {
    name: &'static str,
    ask: &'static [&'static str],
    get: &'static str,
}

const CC: Tool = Tool {
    name: "a C compiler and make",
    ask: &["sh", "-c", "cc --version && c++ --version && make --version"],
    get: "apt-get install build-essential",
};
const MUSL: Tool =
    Tool { name: "a C compiler for musl", ask: &["musl-gcc", "--version"], get: "apt-get install musl-tools" };
const NPM: Tool = Tool {
    name: "Node.js 20 or newer with npm",
    ask: &["npm", "--version"],
    get: "https://nodejs.org, or apt-get install nodejs npm",
};
const GO: Tool = Tool { name: "Go 1.24 or newer", ask: &["go", "version"], get: "https://go.dev/dl" };
const JAVA: Tool =
    Tool { name: "Java 17 or newer", ask: &["java", "-version"], get: "apt-get install openjdk-17-jdk-headless" };
const MAVEN: Tool = Tool { name: "Maven", ask: &["mvn", "--version"], get: "apt-get install maven" };
const PYTHON: Tool = Tool {
    name: "Python 3 with venv",
    ask: &["python3", "-c", "import venv, ensurepip"],
    get: "apt-get install python3-venv",
};

const CHROMIUM: Tool = Tool { name: "Chromium", ask: &["chromium", "--version"], get: "apt-get install chromium" };
const NGINX: Tool = Tool {
    name: "nginx, and openssl",
    ask: &["sh", "-c", "PATH=$PATH:/usr/sbin nginx -v && openssl version"],
    get: "apt-get install nginx-light openssl",
};
const PROMETHEUS: Tool = Tool {
    name: "Prometheus with promtool",
    ask: &["sh", "-c", "prometheus --version && promtool --version"],
    get: "apt-get install prometheus",
};
/// For `demo`'s page.
pub const PREVIEW: [Tool; 1] = [GO];
/// For the page's pipeline panels.
pub const PIPELINE: [Tool; 1] = [PROMETHEUS];

/// For `demo`.
pub const DEMO: [Tool; 2] = [CC, NPM];
/// For `package`.
pub const PACKAGE: [Tool; 3] = [CC, MUSL, NPM];
/// For `test`.
pub const TEST: [Tool; 10] = [CC, MUSL, NPM, GO, JAVA, MAVEN, PYTHON, CHROMIUM, NGINX, PROMETHEUS];

/// Checks that all are installed.
pub fn check(tools: &[Tool]) -> anyhow::Result<()> {
    let is_there = |tool: &Tool| {
        let ask = Command::new(tool.ask[0])
            .args(&tool.ask[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        ask.is_ok_and(|status| status.success())
    };
    let missing: Vec<String> =
        tools.iter().filter(|tool| !is_there(tool)).map(|tool| format!("  {}: {}", tool.name, tool.get)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("some prerequisites are missing. Install them, then run the same command again:\n{}", missing.join("\n"))
}
