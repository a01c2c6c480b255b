//! The letters of the configured sink, page by page.

use clickhouse::Client;

use crate::{
    config::{Config, Sink},
    dead_letters::{DeadLetter, Selection, Table, TablePages, Topic, TopicPages},
    operate::Tables,
};

/// Where the letters are, opened.
pub struct Letters {
    pages: Option<Pages>,
    /// ClickHouse, with the direct sink.
    pub client: Option<Client>,
    engine: Option<embedded::Server>,
}

enum Pages {
    Table(Box<TablePages>),
    Topic(Box<TopicPages>),
}

impl Letters {
    /// Opens the sink's place of letters.
    pub async fn open(config: &Config, selection: Selection) -> anyhow::Result<Self> {
        match &config.sink {
            Sink::Direct { .. } => {
                let (client, engine) = config.clickhouse.open(&config.data).await?;
                Tables { client: client.clone(), cluster: config.clickhouse.cluster.clone() }
                    .bring_up_to_date()
                    .await?;
                let pages = Some(Pages::Table(Box::new(Table::new(client.clone()).read(selection))));
                Ok(Self { pages, client: Some(client), engine })
            }
            Sink::Kafka(kafka) => {
                let topic = Topic::new(&kafka.brokers, &config.dead_letters.topic, kafka.message_bytes_max);
                let pages = Some(Pages::Topic(Box::new(topic.read(selection).await?)));
                Ok(Self { pages, client: None, engine: None })
            }
        }
    }

    /// The next ones; none at the end.
    pub async fn next(&mut self) -> anyhow::Result<Vec<DeadLetter>> {
        match self.pages.take() {
            Some(Pages::Table(mut pages)) => {
                let letters = pages.next().await?;
                self.pages = Some(Pages::Table(pages));
                Ok(letters)
            }
            Some(Pages::Topic(pages)) => {
                let (pages, letters) = pages.next().await?;
                self.pages = Some(Pages::Topic(Box::new(pages)));
                Ok(letters)
            }
            None => Ok(Vec::new()),
        }
    }

    /// Ends the embedded engine, if it was started for this.
    pub async fn close(self) -> anyhow::Result<()> {
        match self.engine {
            Some(engine) => engine.stop().await,
            None => Ok(()),
        }
    }
}
