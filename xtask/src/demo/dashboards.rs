//! What shows the demo's events: the page, Grafana, and Prometheus for the pipeline's panels. The demo
//! works without them, so failures are only reported.

use std::net::TcpListener;

use super::{Options, generator, grafana, pipeline::Pipeline};
use crate::{
    front_end, prerequisites,
    process::Process,
    prometheus::{self, Prometheus},
};

/// The address of the dashboards page, unless it is taken.
const PREVIEW_LISTEN: &str = "127.0.0.1:3123";

/// What runs beside the pipeline.
#[derive(Default)]
pub struct Dashboards {
    preview: Option<Process>,
    _prometheus: Option<Prometheus>,
    _grafana: Option<grafana::Grafana>,
}

impl Dashboards {
    /// Starts what this machine can run.
    pub async fn start(options: &Options, pipeline: &Pipeline) -> anyhow::Result<Self> {
        let Some(built) = front_end(options) else { return Ok(Self::default()) };
        let prometheus = prometheus(pipeline).await;
        let preview = preview(&built, pipeline, prometheus.as_ref()).await;
        let grafana = grafana::start(&built, &pipeline.clickhouse, &pipeline.folder)?;
        Ok(Self { preview, _prometheus: prometheus, _grafana: grafana })
    }

    /// The page's URL, if it runs.
    pub fn url(&self) -> Option<&str> {
        self.preview.as_ref().map(|preview| preview.first_line.as_str())
    }

    /// Stops the page cleanly, so that it stops the data source it started.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.preview {
            Some(preview) => preview.stop().await.map(drop),
            None => Ok(()),
        }
    }
}

fn front_end(options: &Options) -> Option<front_end::Built> {
    if !options.preview {
        return None;
    }
    let built = prerequisites::check(&prerequisites::PREVIEW).and_then(|()| front_end::build());
    built.inspect_err(|error| eprintln!("\n· no dashboards page: {error:#}")).ok()
}

async fn prometheus(pipeline: &Pipeline) -> Option<Prometheus> {
    if prerequisites::check(&prerequisites::PIPELINE).is_err() {
        eprintln!("· Prometheus is not installed (apt-get install prometheus): the gateway panels stay empty");
        return None;
    }
    let folder = pipeline.folder.join("prometheus");
    let started = prometheus::start(&folder, &pipeline.url, pipeline.vector_metrics()).await;
    started.inspect_err(|error| eprintln!("\n· no Prometheus: {error:#}")).ok()
}

async fn preview(built: &front_end::Built, pipeline: &Pipeline, prometheus: Option<&Prometheus>) -> Option<Process> {
    let listen = if TcpListener::bind(PREVIEW_LISTEN).is_ok() { PREVIEW_LISTEN } else { "127.0.0.1:0" };
    let prometheus = prometheus.map(|running| running.url.as_str());
    let shown = front_end::Shown { clickhouse: &pipeline.clickhouse, project: generator::PROJECT, prometheus };
    let started = front_end::preview(built, listen, shown, &pipeline.folder.join("preview.log")).await;
    started.inspect_err(|error| eprintln!("\n· no dashboards page: {error:#}")).ok()
}
