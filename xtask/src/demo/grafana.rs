//! Starts a Grafana with everything provisioned, if the machine has one: a `grafana` binary, or
//! a Docker engine. Otherwise prints how to get one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context;

use crate::{clickhouse::Server, front_end, portable, root};

const IMAGE: &str = "grafana/grafana:13.2.2";
const PORT: u16 = 3000;
/// Locations of Grafana's own files in its packages and tarball.
const HOMES: [&str; 3] = ["/usr/share/grafana", "/opt/grafana", "/usr/local/share/grafana"];

/// A running Grafana; stopped with the demo.
pub struct Grafana {
    process: Child,
    container: Option<&'static str>,
}

impl Drop for Grafana {
    fn drop(&mut self) {
        if let Some(name) = self.container {
            let _ = Command::new("docker").args(["stop", "--time", "5", name]).stdout(Stdio::null()).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts Grafana if possible; prints what was done, or how to get one.
pub fn start(built: &front_end::Built, clickhouse: &Server, data: &Path) -> anyhow::Result<Option<Grafana>> {
    let settings = settings(clickhouse);
    if let Some((program, home)) = program() {
        let provisioning = provision(data)?;
        let log = fs::File::create(data.join("grafana.log"))?;
        let process = Command::new(program)
            .args(["server", "--homepath"])
            .arg(home)
            .envs(settings)
            .env("GF_PATHS_DATA", data.join("grafana/data"))
            .env("GF_PATHS_LOGS", data.join("grafana/logs"))
            .env("GF_PATHS_PLUGINS", &built.plugins)
            .env("GF_PATHS_PROVISIONING", provisioning)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start grafana")?;
        eprintln!("· Grafana: http://127.0.0.1:{PORT}/dashboards (log: {})", data.join("grafana.log").display());
        return Ok(Some(Grafana { process, container: None }));
    }
    if has_docker() {
        // The image is Alpine, where this machine's binary does not run.
        if let Err(error) = portable::install(&built.plugins.join(front_end::DATASOURCE)) {
            eprintln!("· cannot run Grafana in a container: {error:#}");
            return Ok(None);
        }
        const NAME: &str = "footfall-demo-grafana";
        let log = fs::File::create(data.join("grafana.log"))?;
        let process = Command::new("docker")
            .args(docker_arguments(NAME, built, &settings))
            .envs(settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start docker")?;
        eprintln!("· Grafana in a container: http://127.0.0.1:{PORT}/dashboards (downloads the image the first time)");
        return Ok(Some(Grafana { process, container: Some(NAME) }));
    }
    eprintln!(
        "· no Grafana on this machine: https://grafana.com/grafana/download, or Docker; docs/install.md has the command. \
         `cargo xtask package` makes the plugins for it"
    );
    Ok(None)
}

/// Anybody on this machine may view and edit: it is a demo, on loopback.
fn settings(clickhouse: &Server) -> Vec<(&'static str, String)> {
    let panels = front_end::PANELS.map(|(_, id)| id).join(",");
    vec![
        ("GF_SERVER_HTTP_ADDR", "127.0.0.1".to_owned()),
        ("GF_SERVER_HTTP_PORT", PORT.to_string()),
        ("GF_AUTH_ANONYMOUS_ENABLED", "true".to_owned()),
        ("GF_AUTH_ANONYMOUS_ORG_ROLE", "Admin".to_owned()),
        ("GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS", format!("{},{},{panels}", front_end::APP, front_end::DATASOURCE)),
    ]
    .into_iter()
    .chain(clickhouse.reader().environment())
    .collect()
}

fn docker_arguments(name: &str, built: &front_end::Built, settings: &[(&str, String)]) -> Vec<String> {
    let mut arguments: Vec<String> = ["run", "--rm", "--network", "host", "--name", name].map(str::to_owned).into();
    // Values are passed through docker's environment, because everybody on the machine sees its arguments.
    for (name, _) in settings {
        arguments.extend(["-e".to_owned(), (*name).to_owned()]);
    }
    for (from, to) in [
        (built.plugins.clone(), "/var/lib/grafana/plugins"),
        (root().join("dashboards"), "/var/lib/grafana/dashboards/footfall"),
        (root().join("provisioning/grafana/datasources"), "/etc/grafana/provisioning/datasources"),
        (root().join("provisioning/grafana/dashboards"), "/etc/grafana/provisioning/dashboards"),
    ] {
        arguments.extend(["-v".to_owned(), format!("{}:{to}:ro", from.display())]);
    }
    arguments.push(IMAGE.to_owned());
    arguments
}

/// The files of provisioning/, with this machine's dashboards folder.
fn provision(data: &Path) -> anyhow::Result<PathBuf> {
    let folder = data.join("grafana/provisioning");
    for kind in ["datasources", "dashboards"] {
        fs::create_dir_all(folder.join(kind))?;
        let text = fs::read_to_string(root().join("provisioning/grafana").join(kind).join("footfall.yaml"))?;
        let own = root().join("dashboards").display().to_string();
        fs::write(folder.join(kind).join("footfall.yaml"), text.replace("/var/lib/grafana/dashboards/footfall", &own))?;
    }
    Ok(folder)
}

fn program() -> Option<(&'static str, PathBuf)> {
    let is_there = |name: &str| {
        let asked = Command::new(name)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    let home = std::env::var_os("GF_PATHS_HOME").map(PathBuf::from);
    let home = home.or_else(|| HOMES.iter().map(PathBuf::from).find(|home| home.join("public").is_dir()))?;
    is_there("grafana").then_some(("grafana", home))
}

fn has_docker() -> bool {
    let asked =
        Command::new("docker").arg("info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
