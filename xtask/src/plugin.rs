//! The data source, queried through its own protocol like Grafana does.

use std::{io::Cursor, path::Path};

use anyhow::{Context, bail, ensure};
use grafana_plugin_sdk::{
    arrow2::{
        array::{Array, Float64Array, Int64Array, Utf8Array},
        io::ipc::read::{FileReader, read_file_metadata},
    },
    pluginv2::{
        CheckHealthRequest, DataQuery, DataSourceInstanceSettings, PluginContext, QueryDataRequest, TimeRange,
        data_client::DataClient, diagnostics_client::DiagnosticsClient,
    },
};
use serde_json::{Map, Value};
use tonic::transport::Channel;

use crate::{clickhouse::Server, process::Process};

/// A running plugin with a configured data source.
pub struct Plugin {
    process: Process,
    channel: Channel,
    context: PluginContext,
}

/// A result's rows, one JSON object each.
pub type Rows = Vec<Map<String, Value>>;

impl Plugin {
    /// Starts the plugin with go-plugin's handshake and the read-only user.
    pub async fn start(program: &Path, server: &Server, project: &str, log: &Path) -> anyhow::Result<Self> {
        Self::start_with(program, server, project, "auto", log).await
    }

    /// The same, with the setting `compression`.
    pub async fn start_with(
        program: &Path,
        server: &Server,
        project: &str,
        compression: &str,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let environment =
            [("grafana_plugin_type", "datasource".to_owned()), ("PLUGIN_PROTOCOL_VERSIONS", "2".to_owned())];
        let process = Process::start(program, &[], &environment, log).await?;
        let parts: Vec<&str> = process.first_line.split('|').collect();
        let ["1", "2", "tcp", address, "grpc"] = parts.as_slice() else {
            bail!("the plugin's handshake is {:?}", process.first_line)
        };
        let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
        let reader = server.reader();
        let instance = DataSourceInstanceSettings {
            url: reader.url.clone(),
            json_data: serde_json::to_vec(&serde_json::json!({
                "defaultProject": project, "cacheSeconds": 0, "compression": compression, "username": reader.user(),
            }))?,
            decrypted_secure_json_data: [("password".to_owned(), reader.password().to_owned())].into(),
            ..Default::default()
        };
        let context = PluginContext { org_id: 1, data_source_instance_settings: Some(instance), ..Default::default() };
        Ok(Self { process, channel, context })
    }

    /// The plugin's peak memory, in MiB.
    pub fn peak_memory_mib(&self) -> f64 {
        self.process.peak_memory_mib()
    }

    /// Stops it like Grafana.
    ///
    /// # Errors
    /// If it does not stop in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await.map(drop)
    }

    /// Save & test.
    pub async fn health(&self) -> anyhow::Result<String> {
        let request = CheckHealthRequest { plugin_context: Some(self.context.clone()), ..Default::default() };
        let answer = DiagnosticsClient::new(self.channel.clone()).check_health(request).await?.into_inner();
        ensure!(answer.status == 1, "the data source's health check failed: {}", answer.message);
        Ok(answer.message)
    }

    /// Runs one query over a range in milliseconds.
    pub async fn query(&self, query: &Value, from_ms: i64, to_ms: i64) -> anyhow::Result<Rows> {
        let query = DataQuery {
            ref_id: "A".into(),
            interval_ms: 86_400_000,
            max_data_points: 1_000,
            time_range: Some(TimeRange { from_epoch_ms: from_ms, to_epoch_ms: to_ms }),
            json: serde_json::to_vec(query)?,
            ..Default::default()
        };
        let request =
            QueryDataRequest { plugin_context: Some(self.context.clone()), queries: vec![query], ..Default::default() };
        let client = DataClient::new(self.channel.clone());
        let mut answers = client.max_decoding_message_size(64 << 20).query_data(request).await?.into_inner().responses;
        let answer = answers.remove("A").context("the plugin did not answer the query")?;
        ensure!(answer.error.is_empty(), "the query failed: {}", answer.error);
        rows(answer.frames.first().context("the response contains no frame")?)
    }
}

fn rows(frame: &[u8]) -> anyhow::Result<Rows> {
    let mut cursor = Cursor::new(frame);
    let metadata = read_file_metadata(&mut cursor)?;
    let names: Vec<String> = metadata.schema.fields.iter().map(|field| field.name.clone()).collect();
    let mut rows = Rows::new();
    for chunk in FileReader::new(cursor, metadata, None, None) {
        let chunk = chunk?;
        for at in 0..chunk.len() {
            let cells = names.iter().zip(chunk.arrays()).map(|(name, array)| (name.clone(), cell(array.as_ref(), at)));
            rows.push(cells.collect());
        }
    }
    Ok(rows)
}

fn cell(array: &dyn Array, at: usize) -> Value {
    if array.is_null(at) {
        return Value::Null;
    }
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<Utf8Array<i32>>() {
        return texts.value(at).into();
    }
    if let Some(numbers) = any.downcast_ref::<Float64Array>() {
        return numbers.value(at).into();
    }
    any.downcast_ref::<Int64Array>().map_or(Value::Null, |wholes| wholes.value(at).into())
}
