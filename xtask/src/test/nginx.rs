//! The sites of provisioning/nginx in front of the real gateway, with Debian's own nginx: TLS, rate limits
//! by address, trusted addresses, and hidden paths.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use reqwest::Client;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    clickhouse::ask,
    gateway,
    process::{Process, free_port},
    root,
};

/// More concurrent requests than the site's rate and burst allow.
const AT_ONCE: usize = 40;
/// The site's burst, the request that starts it, and those the rate may add meanwhile.
const PASSING: std::ops::RangeInclusive<usize> = 21..=26;

/// Gateway and a stand-in for Grafana → nginx → requests → stored events.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    let gateway = gateway::start(folder, "app", None).await?;
    let grafana = echo().await?;
    let (nginx, site) = start(folder, &gateway.url, &grafana).await?;

    plain_is_sent_to_tls(&site).await?;
    let passed = rates(&site).await?;
    for path in ["/metrics", "/readyz"] {
        let answer = site.get("analytics.test", path, "").await?;
        ensure!(answer.starts_with("HTTP/1.1 404"), "{path} is public: {answer}");
    }
    gateway::settle(&gateway.url).await?;
    let sql = "SELECT count(), uniqExact(country), any(country) = '' FROM analytics.events";
    let stored = ask(&Client::new(), &gateway.clickhouse, sql, &[]).await?;
    // The client claimed an address in Sweden; the connection is from loopback, which has no country.
    ensure!(stored == format!("{passed}\t1\t1"), "stored {stored:?} (events, countries, whether the country is empty)");
    dashboards(&site).await?;
    nginx.stop().await?;
    gateway.stop().await?;
    Ok(
        "Debian's nginx with the sites of provisioning/: TLS, rate limits, addresses, hidden paths, Grafana's host with WebSockets",
    )
}

/// Plain HTTP requests are redirected to HTTPS, with the same path and query.
async fn plain_is_sent_to_tls(site: &Site) -> anyhow::Result<()> {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    for host in ["analytics.test", "dashboard.test"] {
        let request = client.get(format!("http://127.0.0.1:{}/a?b=c", site.plain)).header("Host", host);
        let answer = request.send().await?;
        let target = answer.headers().get("Location").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let expected = format!("https://{host}/a?b=c");
        ensure!(answer.status() == 308 && target == expected, "{host}: {} to {target:?}", answer.status());
    }
    Ok(())
}

/// Sends concurrent events over TLS and returns how many passed the rate limit.
async fn rates(site: &Site) -> anyhow::Result<usize> {
    let answers = (0..AT_ONCE).map(|number| send(site, number));
    let answers = futures_util::future::try_join_all(answers).await?;
    let with = |status: &str| answers.iter().filter(|answer| answer.starts_with(status)).count();
    let (passed, refused) = (with("HTTP/1.1 201"), with("HTTP/1.1 429"));
    ensure!(passed + refused == AT_ONCE, "nginx answered {answers:?}");
    ensure!(PASSING.contains(&passed), "{passed} of {AT_ONCE} concurrent requests passed the rate limit");
    Ok(passed)
}

async fn send(site: &Site, number: usize) -> anyhow::Result<String> {
    let body = format!(r#"{{"type": "click", "user_id": "{number}", "path": "/"}}"#);
    // An address in Sweden, in MaxMind's test database.
    let headers = format!(
        "X-App: app\r\nContent-Type: application/json\r\nX-Forwarded-For: 89.160.20.112\r\nContent-Length: {}\r\n",
        body.len()
    );
    site.ask(format!("POST / HTTP/1.1\r\nHost: analytics.test\r\nConnection: close\r\n{headers}\r\n{body}")).await
}

/// Grafana receives the browser's host, the client's address, and WebSocket upgrades.
async fn dashboards(site: &Site) -> anyhow::Result<()> {
    let answer =
        site.get("dashboard.test", "/api/live/ws", "Upgrade: websocket\r\nX-Forwarded-For: 1.2.3.4\r\n").await?;
    let wanted = [
        "host: dashboard.test",
        "x-forwarded-proto: https",
        "x-forwarded-for: 127.0.0.1",
        "upgrade: websocket",
        "connection: upgrade",
    ];
    let got = answer.to_lowercase();
    for header in wanted {
        ensure!(got.contains(header), "Grafana would not receive {header:?}:\n{got}");
    }
    Ok(())
}

/// A stand-in for Grafana that responds with the request it received.
async fn echo() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 16 << 10];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &request[..length]].concat()).await;
        }
    });
    Ok(address)
}

/// A running nginx, and its certificate.
struct Site {
    plain: u16,
    tls: u16,
    certificate: PathBuf,
}

impl Site {
    async fn get(&self, host: &str, path: &str, headers: &str) -> anyhow::Result<String> {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n")).await
    }

    /// Sends one request over TLS with openssl's client, which verifies certificate and name.
    async fn ask(&self, request: String) -> anyhow::Result<String> {
        let name = if request.contains("Host: dashboard.test") { "dashboard.test" } else { "analytics.test" };
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-quiet", "-verify_quiet", "-verify_return_error", "-ign_eof", "-connect"]);
        openssl.arg(format!("127.0.0.1:{}", self.tls));
        openssl.args(["-servername", name, "-verify_hostname", name, "-CAfile"]).arg(&self.certificate);
        let mut child = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let output = tokio::task::spawn_blocking(move || {
            child.stdin.take().context("no input")?.write_all(request.as_bytes())?;
            Ok::<_, anyhow::Error>(child.wait_with_output()?)
        });
        let output =
            tokio::time::timeout(Duration::from_secs(20), output).await.context("no response over TLS")???;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(!answer.is_empty(), "no response over TLS: {}", String::from_utf8_lossy(&output.stderr));
        Ok(answer)
    }
}

/// The files unchanged, except for ports, upstreams and the certificate's folder.
async fn start(folder: &Path, gateway: &str, grafana: &str) -> anyhow::Result<(Process, Site)> {
    let sources = root().join("provisioning/nginx");
    let tls = folder.join("tls");
    crate::process::run_to_end(Command::new("sh").arg(sources.join("make-certificate.sh")).arg(&tls))?;
    let site = Site { plain: free_port()?, tls: free_port()?, certificate: tls.join("footfall.crt") };
    let mut text =
        fs::read_to_string(sources.join("upstreams.conf"))? + &fs::read_to_string(sources.join("footfall.conf"))?;
    for (known, here) in [
        ("listen 80;", format!("listen 127.0.0.1:{};", site.plain)),
        ("listen 443 ssl;", format!("listen 127.0.0.1:{} ssl;", site.tls)),
        ("127.0.0.1:4195", gateway.trim_start_matches("http://").to_owned()),
        ("127.0.0.1:3000", grafana.to_owned()),
        ("/etc/nginx/tls", tls.display().to_string()),
    ] {
        ensure!(text.contains(known), "the sites do not contain {known:?}, which this test replaces");
        text = text.replace(known, &here);
    }
    let own = folder.display();
    let all = format!(
        "daemon off; pid {own}/nginx.pid; error_log {own}/nginx-error.log; worker_processes 1;\n\
         events {{}}\nhttp {{ access_log off; client_body_temp_path {own}/body; proxy_temp_path {own}/proxy; \
         fastcgi_temp_path {own}/fastcgi; uwsgi_temp_path {own}/uwsgi; scgi_temp_path {own}/scgi;\n{text}\n}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, all)?;
    // nginx prints nothing when ready: `sh` does, and then becomes nginx.
    let command =
        format!("PATH=$PATH:/usr/sbin; nginx -t -q -c {0} && echo ready && exec nginx -c {0}", file.display());
    let nginx = Process::start(Path::new("sh"), &["-c", &command], &[], &folder.join("nginx.log")).await?;
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", site.tls)).await.is_ok() {
            return Ok((nginx, site));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(anyhow::anyhow!("nginx does not respond"))
        .with_context(|| fs::read_to_string(folder.join("nginx-error.log")).unwrap_or_default())
}
