//! Changes that keep a thread busy leave what else waits for it to other threads.
//!
//! What a plugin asks for in one reply may take the host long to work out. `pipeline.rs` has every change watched.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

/// How long a change may keep a thread busy at once: longer than a guest does before it is taken aside.
const SHORT: Duration = Duration::from_millis(5);

/// A change on its way, watched.
pub(super) struct Watched<F> {
    change: Pin<Box<F>>,
    /// Whether it kept a thread busy before.
    heavy: bool,
}

/// Watches a change to its end.
pub(super) fn watched<F: Future>(change: F) -> Watched<F> {
    Watched { change: Box::pin(change), heavy: false }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.heavy && has_others() {
            return tokio::task::block_in_place(|| self.change.as_mut().poll(cx));
        }
        let begun = Instant::now();
        let polled = self.change.as_mut().poll(cx);
        self.heavy |= begun.elapsed() > SHORT;
        polled
    }
}

/// Whether other threads take over what waits for this one.
fn has_others() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps its thread busy for long, and does so again while it waits for what only another task can give.
    async fn busy() -> &'static str {
        let (sender, receiver) = std::sync::mpsc::channel();
        let begun = Instant::now();
        while begun.elapsed() < 2 * SHORT {
            std::hint::spin_loop();
        }
        tokio::task::yield_now().await;
        tokio::spawn(async move { sender.send("the other went on") });
        match has_others() {
            true => receiver.recv_timeout(Duration::from_secs(30)).unwrap_or("the other was held up"),
            false => "there is no other",
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_meanwhile() {
        let told = tokio::spawn(watched(busy())).await;
        assert_eq!(told.expect("it ends"), "the other went on");
    }

    /// Whoever embeds the host may have one thread only.
    #[tokio::test]
    async fn one_thread_is_enough() {
        assert_eq!(watched(busy()).await, "there is no other");
    }
}
