//! Work that is finished even if its client goes away.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Runs on the task that awaits it, which is cheaper than a task of its own; if that is dropped in between, as hyper
/// does when a client goes away, the rest runs on a task of its own.
pub(super) struct Finish<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    tasks: TaskTracker,
}

impl<T: Send + 'static> Finish<T> {
    /// `tasks` are waited for before the gateway ends.
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static, tasks: TaskTracker) -> Self {
        Self { work: Some(Box::pin(work)), tasks }
    }
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // After the result there is nothing to poll, and nobody should.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let result = ready!(work.as_mut().poll(cx));
        self.work = None;
        Poll::Ready(result)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        // What has panicked cannot go on; without a runtime the gateway has ended.
        if let (Some(work), Ok(runtime), false) = (self.work.take(), Handle::try_current(), std::thread::panicking()) {
            drop(self.tasks.spawn_on(work, &runtime));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_is_dropped_is_finished_all_the_same() {
        let tasks = TaskTracker::new();
        let (go, wait) = oneshot::channel::<()>();
        let (say, done) = oneshot::channel();
        let work = async move {
            wait.await.unwrap();
            say.send(7).unwrap();
        };
        let mut finish = Finish::new(work, tasks.clone());
        assert!(futures_util::poll!(&mut finish).is_pending());
        drop(finish);
        assert_eq!(tasks.len(), 1);
        go.send(()).unwrap();
        assert_eq!(done.await.unwrap(), 7);
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn what_is_finished_leaves_no_task() {
        let tasks = TaskTracker::new();
        assert_eq!(Finish::new(async { 7 }, tasks.clone()).await, 7);
        assert!(tasks.is_empty());
    }
}
