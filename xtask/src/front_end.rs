//! The Grafana side: the plugins as installed, and the preview host.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{bin, clickhouse::Server, plugin_zip, portable::Machine, process::Process, root};

/// The datasource's plugin.
pub const DATASOURCE: &str = "footfall-analytics-datasource";
/// The app that brings the other four along.
pub const APP: &str = "footfall-analytics-app";
/// The panels, by source folder.
pub const PANELS: [(&str, &str); 3] =
    [("funnel", "footfall-funnel-panel"), ("retention", "footfall-retention-panel"), ("paths", "footfall-paths-panel")];

/// The build output.
pub struct Built {
    /// One folder per plugin, named by its id.
    pub plugins: PathBuf,
    /// The preview's page.
    pub page: PathBuf,
}

fn sources() -> PathBuf {
    root().join("grafana-backend/plugin")
}

/// Installs dependencies, checks that the generated types are up to date, types and style, and runs the unit tests.
pub fn check() -> anyhow::Result<()> {
    fetch()?;
    npm(&["run", "--silent", "types", "--", "--check"])?;
    npm(&["run", "--silent", "typecheck"])?;
    npm(&["run", "--silent", "lint"])?;
    npm(&["run", "--silent", "test"])
}

/// Makes the types of the queries of their schema.
pub fn write_types() -> anyhow::Result<()> {
    fetch()?;
    npm(&["run", "--silent", "types"])
}

/// The plugins for a Grafana or the preview on this machine. The data source must have been built.
pub fn build() -> anyhow::Result<Built> {
    let built = arrange(root().join("target/preview/plugins"))?;
    fs::copy(bin("gpx_footfall"), built.plugins.join(DATASOURCE).join(Machine::this().program_name()))
        .context("the data source's binary has not been built")?;
    Ok(built)
}

/// The plugins one by one, still without the data source's binary.
pub fn build_to_install() -> anyhow::Result<Built> {
    arrange(root().join("target/grafana/separate"))
}

/// The app with the others inside, as `target/grafana/plugins/<app>`: what is installed.
pub fn nest(separate: &Path) -> anyhow::Result<PathBuf> {
    let plugins = root().join("target/grafana/plugins");
    let _ = fs::remove_dir_all(&plugins);
    let app = plugins.join(APP);
    copy(&separate.join(APP), &app)?;
    let panels = PANELS.map(|(folder, id)| (Path::new("panels").join(folder), id));
    for (folder, id) in panels.into_iter().chain([(PathBuf::from("datasource"), DATASOURCE)]) {
        copy(&separate.join(id), &app.join(&folder))?;
        name_sources(&app.join(&folder), id, APP)?;
    }
    Ok(plugins)
}

/// Installs dependencies → builds → arranges the plugins as Grafana expects, one folder each.
fn arrange(plugins: PathBuf) -> anyhow::Result<Built> {
    fetch()?;
    npm(&["run", "--silent", "build"])?;
    npm(&["run", "--silent", "build:preview"])?;
    let dist = sources().join("dist");
    let _ = fs::remove_dir_all(&plugins);
    copy(&dist, &plugins.join(DATASOURCE))?;
    // The others, and a module's own data, which webpack's template copies with every plugin.json.
    for folder in ["panels", "app", "query"] {
        fs::remove_dir_all(plugins.join(DATASOURCE).join(folder))?;
    }
    let panels = PANELS.map(|(folder, id)| (Path::new("panels").join(folder), id));
    for (folder, id) in panels.into_iter().chain([(PathBuf::from("app"), APP)]) {
        copy(&dist.join(folder), &plugins.join(id))?;
        for file in ["LICENSE", "CHANGELOG.md"] {
            fs::copy(dist.join(file), plugins.join(id).join(file))?;
        }
    }
    for id in PANELS.map(|(_, id)| id).into_iter().chain([DATASOURCE, APP]) {
        name_sources(&plugins.join(id), DATASOURCE, id)?;
    }
    Ok(Built { plugins, page: sources().join("preview/dist") })
}

/// A source map names the plugin that is installed; the build is the data source's for all.
fn name_sources(plugin: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    let map = plugin.join("module.js.map");
    let text = fs::read_to_string(&map).with_context(|| format!("{} does not exist", map.display()))?;
    let of = |id: &str| format!("webpack://{id}/");
    Ok(fs::write(map, text.replace(&of(from), &of(to)))?)
}

/// Checks the plugins one by one, and the app with the others inside.
///
/// # Errors
/// What Grafana's loader or validator would refuse.
pub fn check_installed(built: &Built) -> anyhow::Result<()> {
    for id in PANELS.map(|(_, id)| id).into_iter().chain([DATASOURCE, APP]) {
        plugin_zip::check(&built.plugins.join(id), id)?;
    }
    plugin_zip::check(&nest(&built.plugins)?.join(APP), APP)
}

/// Options for the preview host.
pub struct Shown<'a> {
    /// The ClickHouse to query.
    pub clickhouse: &'a Server,
    /// The default project.
    pub project: &'a str,
    /// Prometheus URL, for the panels that query it.
    pub prometheus: Option<&'a str>,
}

/// Starts the preview host with the plugins; its first line is its URL.
pub async fn preview(built: &Built, listen: &str, shown: Shown<'_>, log: &Path) -> anyhow::Result<Process> {
    let host = root().join("target/grafana/preview");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&host).arg("./preview").current_dir(root().join("tests/plugin-host"));
    run(&mut go, "go build")?;
    let text = |path: &Path| path.display().to_string();
    let program = text(&built.plugins.join(DATASOURCE).join(Machine::this().program_name()));
    let (plugins, page, dashboards) = (text(&built.plugins), text(&built.page), text(&root().join("dashboards")));
    let reader = shown.clickhouse.reader();
    let arguments = [
        "-listen",
        listen,
        "-plugin",
        &program,
        "-clickhouse",
        &reader.url,
        "-project",
        shown.project,
        "-prometheus",
        shown.prometheus.unwrap_or_default(),
        "-plugins",
        &plugins,
        "-page",
        &page,
        "-dashboards",
        &dashboards,
    ];
    Process::start(&host, &arguments, &reader.environment(), log).await
}

/// Follows the lockfile, and only runs if it has changed.
fn fetch() -> anyhow::Result<()> {
    let lock = fs::read(sources().join("package-lock.json"))?;
    let marker = sources().join("node_modules/.footfall-lock");
    if fs::read(&marker).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    eprintln!("· downloading Grafana's libraries for the front end (takes a minute the first time)");
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
    Ok(fs::write(marker, lock)?)
}

fn npm(arguments: &[&str]) -> anyhow::Result<()> {
    run(Command::new("npm").args(arguments).current_dir(sources()), &format!("npm {}", arguments.join(" ")))
}

/// Quiet unless it fails.
fn run(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))?;
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{name} exited with {}:\n{}", output.status, said());
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
