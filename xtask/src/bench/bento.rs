//! Bento, the article's input: HTTP → the project's check → Kafka. The program is that of `BENTO_BIN`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};

use crate::process::{free_port, until_listening};

const START_TIME_MAX: Duration = Duration::from_secs(30);

/// How its Kafka output gathers messages.
#[derive(Clone, Copy)]
pub enum Batching {
    /// As it comes: a message a batch, ten batches at once.
    Default,
    /// Up to 1,000 messages or 5 ms, 64 batches at once.
    Tuned,
}

/// A running Bento; killed when dropped.
pub struct Bento {
    /// Where it takes events.
    pub url: String,
    child: Child,
}

/// The program of `BENTO_BIN`.
///
/// # Errors
/// If the variable names no file.
pub fn program() -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = std::env::var_os("BENTO_BIN").filter(|path| !path.is_empty()) else { return Ok(None) };
    let path = std::path::absolute(path)?;
    ensure!(path.is_file(), "BENTO_BIN names {}, which is not a file", path.display());
    Ok(Some(path))
}

impl Bento {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// If it does not start; with the name of its log.
    pub async fn start(program: &Path, folder: &Path, brokers: &str, batching: Batching) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let (file, log) = (folder.join("bento.yaml"), folder.join("bento.log"));
        fs::write(&file, config(&address, brokers, batching))?;
        let out = fs::File::create(&log)?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let bento = Self { url: format!("http://{address}/"), child };
        let listening = until_listening(&address, START_TIME_MAX, || Ok(())).await;
        listening.with_context(|| format!("Bento did not start; see {}", log.display()))?;
        Ok(bento)
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bento {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An event is answered when Kafka has it, as with the gateway.
fn config(address: &str, brokers: &str, batching: Batching) -> String {
    let batching = match batching {
        Batching::Default => "",
        Batching::Tuned => "    max_in_flight: 64\n    batching: {count: 1000, period: 5ms}\n",
    };
    format!(
        "http: {{enabled: false}}\nlogger: {{level: WARN}}\n\
         input:\n  http_server:\n    address: {address}\n    path: /\n    allowed_verbs: [POST]\n\
         pipeline:\n  processors:\n    - mapping: 'root = if ![\"app\", \"website\"].contains(@.\"X-App\") {{ deleted() }}'\n    \
         - mapping: |\n        root = this\n        root.project = @.\"X-App\"\n        \
         root.ip = @.\"X-Forwarded-For\"\n        root.user_agent = @.\"User-Agent\"\n\
         output:\n  kafka_franz:\n    seed_brokers: [{brokers}]\n    topic: analytics\n{batching}"
    )
}
