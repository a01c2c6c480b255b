//! Work on ClickHouse that may take as long as it needs, as long as ClickHouse answers.
//!
//! A migration of a large table takes its time, so its statements have no time limit of their
//! own. A server that is stopped, or behind a network that swallows packets, returns no error
//! either: so it is asked beside the work whether it is still there.

use std::time::{Duration, Instant};

use anyhow::Context;
use clickhouse::{Client, error::Error};

use crate::exception;

/// How often is asked, and how long an answer may be away.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first answer, and each later one.
    pub answer_time_max: Duration,
    /// Between two questions.
    pub pause: Duration,
    /// Without any answer, while the work goes on.
    pub silence_time_max: Duration,
}

/// ClickHouse does not answer.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum Silence {
    #[error("no answer to SELECT 1 in {0} s")]
    NoAnswer(u64),
    #[error(
        "ClickHouse has not answered for {0} s and was left in the middle of the work; start this again when it does"
    )]
    Midway(u64),
}

/// Whether ClickHouse gave no answer, or something in front of it gave one, such as a proxy: it may come yet. What it
/// has refused itself it will refuse again.
#[must_use]
pub fn is_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| match cause.downcast_ref::<Error>() {
        Some(Error::Network(_) | Error::TimedOut) => true,
        Some(error @ Error::BadResponse(_)) => exception::code(error).is_none(),
        Some(_) => false,
        None => cause.is::<Silence>(),
    })
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer_time_max: Duration::from_secs(10),
            pause: Duration::from_secs(5),
            // The embedded engine may have all its slots taken by queries for this long.
            silence_time_max: Duration::from_secs(90),
        }
    }
}

impl Patience {
    /// Does the work, unless ClickHouse does not answer.
    ///
    /// # Errors
    /// As the work, or if ClickHouse does not answer in time.
    pub async fn during<T>(self, client: &Client, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        const HINT: &str = "ClickHouse does not answer: does it run, and is CLICKHOUSE_URL right?";
        self.ask(client).await.context(HINT)?;
        tokio::select! {
            result = work => result,
            silence = self.silence(client) => Err(Silence::Midway(silence.as_secs()).into()),
        }
    }

    /// Ends when there has been no answer for too long.
    async fn silence(self, client: &Client) -> Duration {
        let mut answered = Instant::now();
        loop {
            tokio::time::sleep(self.pause).await;
            match self.ask(client).await {
                Ok(()) => answered = Instant::now(),
                Err(error) => tracing::warn!(%error, "ClickHouse does not answer"),
            }
            let silence = answered.elapsed();
            if silence > self.silence_time_max {
                return silence;
            }
        }
    }

    async fn ask(self, client: &Client) -> anyhow::Result<()> {
        match tokio::time::timeout(self.answer_time_max, client.query_raw("SELECT 1").execute()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Silence::NoAnswer(self.answer_time_max.as_secs()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers `answers` questions and then takes connections in silence.
    async fn server(answers: usize) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut silent = Vec::new();
            for n in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                if n < answers {
                    let _ = stream.read(&mut [0; 4_096]).await;
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                    stream.write_all(answer).await.unwrap();
                } else {
                    silent.push(stream);
                }
            }
        });
        Client::default().with_url(url)
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_ends_the_work_and_one_that_answers_does_not() {
        let ms = Duration::from_millis;
        let patience = Patience { answer_time_max: ms(200), pause: ms(10), silence_time_max: ms(300) };
        let never = || pending::<anyhow::Result<()>>();
        let error = patience.during(&server(0).await, never()).await.unwrap_err();
        assert!(format!("{error:#}").contains("does not answer: does it run") && is_away(&error), "{error:#}");
        let error = patience.during(&server(3).await, never()).await.unwrap_err();
        assert!(error.to_string().contains("in the middle of the work") && is_away(&error), "{error}");
        let work = async {
            tokio::time::sleep(ms(1_000)).await;
            Ok(7)
        };
        assert_eq!(patience.during(&server(1_000_000).await, work).await.unwrap(), 7);
    }

    #[test]
    fn what_clickhouse_refuses_is_no_absence() {
        let is_away = |error: Error| is_away(&anyhow::Error::from(error).context("the tables").context("the start"));
        let answer = |text: &str| Error::BadResponse(text.to_owned());
        assert!(is_away(Error::TimedOut) && is_away(Error::Network("connection refused".into())));
        assert!(is_away(answer("<html>502 Bad Gateway</html>")));
        assert!(!is_away(answer("Code: 516. DB::Exception: Authentication failed")));
        assert!(!is_away(Error::RowNotFound));
        assert!(!super::is_away(&anyhow::anyhow!("the tables are at version 99")));
    }
}
