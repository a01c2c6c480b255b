//! What has to wait until ClickHouse's tables are up to date, such as inserts from the journal, waits at a gate.

use std::future::pending;

use tokio::sync::watch;

/// What is known of the tables.
#[derive(Clone, Debug, Default)]
struct State {
    /// They are as this program writes them.
    is_open: bool,
    /// What an operator has to know.
    warning: Option<String>,
}

/// Open as soon as the tables are up to date, and for ever then.
#[derive(Clone, Debug)]
pub struct Gate(watch::Receiver<State>);

/// Opens the gate.
#[derive(Debug, Default)]
pub struct Keeper(watch::Sender<State>);

impl Gate {
    /// Waits until it is open; for ever, if nobody is there any more to open it.
    pub async fn opened(&mut self) {
        if self.0.wait_for(|state| state.is_open).await.is_err() {
            pending().await
        }
    }

    /// What an operator has to know of the tables.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.0.borrow().warning.clone()
    }
}

impl Keeper {
    /// The gate, for those who wait.
    #[must_use]
    pub fn gate(&self) -> Gate {
        Gate(self.0.subscribe())
    }

    /// Lets all through.
    pub fn open(&self) {
        self.0.send_replace(State { is_open: true, warning: None });
    }

    /// Whether all are let through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.borrow().is_open
    }

    /// Sets what an operator has to know; whether that is new.
    pub fn warn(&self, warning: Option<String>) -> bool {
        self.0.send_if_modified(|state| {
            let is_new = state.warning != warning;
            state.warning = warning;
            is_new
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn it_is_open_once_the_tables_are_up_to_date_and_never_without_its_keeper() {
        let keeper = Keeper::default();
        let mut gate = keeper.gate();
        assert!(keeper.warn(Some("away".to_owned())) && !keeper.warn(Some("away".to_owned())));
        assert!(gate.opened().now_or_never().is_none() && !keeper.is_open());
        assert_eq!(gate.warning().as_deref(), Some("away"));
        keeper.open();
        assert!(gate.opened().now_or_never().is_some() && gate.warning().is_none());
        drop(keeper);
        assert!(gate.opened().now_or_never().is_some());
        let mut closed = Keeper::default().gate();
        assert!(closed.opened().now_or_never().is_none());
    }
}
