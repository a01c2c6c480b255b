//! An address of ClickHouse behind which nobody answers until it is opened.

use std::net::{SocketAddr, TcpListener};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener as Listener, TcpStream},
    task::JoinHandle,
};

/// Closed at first.
pub struct Door {
    address: SocketAddr,
    behind: String,
    open: Option<JoinHandle<()>>,
}

impl Door {
    /// Before the ClickHouse of this URL.
    pub fn before(url: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { address, behind: url.trim_start_matches("http://").to_owned(), open: None }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn open(&mut self) {
        let (listener, behind) = (Listener::bind(self.address).await.unwrap(), self.behind.clone());
        self.open = Some(tokio::spawn(async move {
            loop {
                let (mut outside, _) = listener.accept().await.unwrap();
                let mut inside = TcpStream::connect(&behind).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut outside, &mut inside).await });
            }
        }));
    }
}
