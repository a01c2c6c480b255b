//! The site of provisioning/nginx in front of the real gateway, by Debian's own nginx: rates by
//! address, whose address is believed, and what is not for the world.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use reqwest::{Client, StatusCode};

use crate::{
    clickhouse::ask,
    gateway,
    process::{Process, free_port},
    root,
};

/// As many at once as the site's rate and burst let through, and more.
const AT_ONCE: usize = 40;
/// The burst of the site, the one that begins it, and one that the rate may add meanwhile.
const PASSING: std::ops::RangeInclusive<usize> = 21..=23;

/// Gateway → nginx → requests → what is stored.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    fs::create_dir_all(folder)?;
    let port = free_port()?;
    let gateway = gateway::start(folder, "app", None).await?;
    let nginx = start(folder, &gateway.url, port).await?;
    let client = Client::new();
    let site = format!("http://127.0.0.1:{port}");

    let answers = (0..AT_ONCE).map(|number| send(&client, &site, number));
    let answers = futures_util::future::try_join_all(answers).await?;
    let passed = answers.iter().filter(|status| **status == StatusCode::CREATED).count();
    let refused = answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    ensure!(passed + refused == AT_ONCE, "nginx answered {answers:?}");
    ensure!(PASSING.contains(&passed), "{passed} of {AT_ONCE} at once passed the rate of the site");
    for path in ["/metrics", "/readyz"] {
        let status = client.get(format!("{site}{path}")).header("Host", "analytics.test").send().await?.status();
        ensure!(status == StatusCode::NOT_FOUND, "{path} is shown to the world: {status}");
    }
    let stored = ask(
        &client,
        &gateway.clickhouse,
        "SELECT count(), uniqExact(country), any(country) = '' FROM analytics.events",
        &[],
    )
    .await?;
    // The client named an address of Sweden; the connection is from here, which has no country.
    ensure!(stored == format!("{passed}\t1\t1"), "stored are {stored:?} (events, countries, whether it is none)");
    nginx.stop().await?;
    gateway.stop().await?;
    Ok("Debian's nginx with the site of provisioning/: rates, addresses, hidden paths")
}

/// The site as it is, but for its port and the gateway's.
async fn start(folder: &Path, gateway: &str, port: u16) -> anyhow::Result<Process> {
    let site = fs::read_to_string(root().join("provisioning/nginx/analytics.conf"))?;
    let (listen, upstream) = ("listen 80;", "server 127.0.0.1:4195;");
    ensure!(site.contains(listen) && site.contains(upstream), "the site has another form than this test knows");
    let site = site
        .replace(listen, &format!("listen 127.0.0.1:{port};"))
        .replace(upstream, &format!("server {};", gateway.trim_start_matches("http://")));
    let own = folder.display();
    let all = format!(
        "daemon off; pid {own}/nginx.pid; error_log {own}/nginx-error.log; worker_processes 1;\n\
         events {{}}\nhttp {{ access_log off; client_body_temp_path {own}/body; proxy_temp_path {own}/proxy; \
         fastcgi_temp_path {own}/fastcgi; uwsgi_temp_path {own}/uwsgi; scgi_temp_path {own}/scgi;\n{site}\n}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, all)?;
    // It says nothing when it is ready: `sh` does, and becomes nginx.
    let command =
        format!("PATH=$PATH:/usr/sbin; nginx -t -q -c {0} && echo ready && exec nginx -c {0}", file.display());
    let nginx = Process::start(Path::new("sh"), &["-c", &command], &[], &folder.join("nginx.log")).await?;
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(nginx);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(anyhow::anyhow!("nginx does not answer"))
        .with_context(|| fs::read_to_string(folder.join("nginx-error.log")).unwrap_or_default())
}

async fn send(client: &Client, site: &str, number: usize) -> anyhow::Result<StatusCode> {
    let request = client
        .post(site)
        .header("Host", "analytics.test")
        .header("X-App", "app")
        .header("Content-Type", "application/json")
        // An address of Sweden, by MaxMind's test database.
        .header("X-Forwarded-For", "89.160.20.112")
        .body(format!(r#"{{"type": "click", "user_id": "{number}", "path": "/"}}"#));
    Ok(request.send().await?.status())
}
