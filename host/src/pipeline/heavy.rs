//! Changes that keep a thread busy: they do so in turn over the organisations, a few at a time, and what else waits for
//! the thread goes on on another.
//!
//! What a plugin asks for in one reply may take the host long to work out. `pipeline.rs` has every change watched.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::processor::Busy;
use crate::sandbox::{Share, Turn, Turns};

/// How long a change may keep a thread busy at once: longer than a guest does before it is taken aside.
const SHORT: Duration = Duration::from_millis(5);

/// The turns of heavy changes: half of the processors, so that the others are always free for what is short.
pub(crate) fn turns() -> Turns {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Turns::new(u32::try_from(processors / 2).unwrap_or(u32::MAX).max(1))
}

/// Whose change it is, and whether the one before kept threads busy.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub org: &'a str,
    pub heavy: &'a AtomicBool,
}

/// A change on its way, watched.
pub(super) struct Watched<'a, F> {
    change: Pin<Box<F>>,
    whose: Whose<'a>,
    turns: &'a Turns,
    /// Whether it keeps threads busy, or the one before of its organisation did.
    heavy: bool,
    /// Whether it did itself.
    was_heavy: bool,
    waiting: Option<Pin<Box<dyn Future<Output = Option<Turn>> + Send + 'a>>>,
}

/// Watches a change of an organisation to its end.
pub(super) fn watched<'a, F: Future>(whose: Whose<'a>, turns: &'a Turns, change: F) -> Watched<'a, F> {
    let heavy = whose.heavy.load(Ordering::Relaxed);
    Watched { change: Box::pin(change), whose, turns, heavy, was_heavy: false, waiting: None }
}

impl<F: Future> Watched<'_, F> {
    /// Goes on where it is, and notes how long that takes.
    fn go_on(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        let busy = Busy::begin();
        let polled = self.change.as_mut().poll(cx);
        if busy.so_far() > SHORT {
            (self.heavy, self.was_heavy) = (true, true);
        }
        polled
    }

    /// Waits for its turn, and goes on. The turn is another's while the change waits for something.
    fn go_on_in_turn(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (turns, org) = (self.turns, self.whose.org);
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(turns.wait_for(org, Share::WHOLE)));
        let _turn = ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        match has_others() {
            true => tokio::task::block_in_place(|| self.go_on(cx)),
            false => self.go_on(cx),
        }
    }
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let polled = if self.heavy { self.go_on_in_turn(cx) } else { self.go_on(cx) };
        if polled.is_ready() {
            self.whose.heavy.store(self.was_heavy, Ordering::Relaxed);
        }
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

    fn keep_busy() {
        let busy = Busy::begin();
        while busy.so_far() < 2 * SHORT {
            std::hint::spin_loop();
        }
    }

    /// Keeps its thread busy for long, and does so again while it waits for what only another task can give.
    async fn busy() -> &'static str {
        let (sender, receiver) = std::sync::mpsc::channel();
        keep_busy();
        tokio::task::yield_now().await;
        tokio::spawn(async move { sender.send("the other went on") });
        match has_others() {
            true => receiver.recv_timeout(Duration::from_secs(30)).unwrap_or("the other was held up"),
            false => "there is no other",
        }
    }

    async fn tried() -> (&'static str, bool) {
        let (turns, heavy) = (Turns::new(1), AtomicBool::new(false));
        let told = watched(Whose { org: "acme", heavy: &heavy }, &turns, busy()).await;
        assert_eq!(turns.free(), 1, "the turn is given back");
        (told, heavy.into_inner())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_meanwhile() {
        assert_eq!(tokio::spawn(tried()).await.expect("it ends"), ("the other went on", true));
    }

    /// A busy machine does that to any change: by the clock it takes long, and it is little work.
    #[tokio::test]
    async fn what_waits_on_its_thread_is_not_heavy() {
        let (turns, heavy) = (Turns::new(1), AtomicBool::new(true));
        let others = async { std::thread::spawn(keep_busy).join().expect("it ends") };
        watched(Whose { org: "acme", heavy: &heavy }, &turns, others).await;
        assert!(!heavy.into_inner(), "others kept processors busy");
    }

    /// Whoever embeds the host may have one thread only.
    #[tokio::test]
    async fn one_thread_is_enough() {
        assert_eq!(tried().await, ("there is no other", true));
    }

    #[tokio::test]
    async fn what_is_heavy_waits_for_its_turn_and_what_is_not_does_not() {
        let (turns, light, heavy) = (Turns::new(1), AtomicBool::new(false), AtomicBool::new(true));
        let taken = turns.wait_for("other", Share::WHOLE).await;
        watched(Whose { org: "acme", heavy: &light }, &turns, async {}).await;
        let mut waiting = watched(Whose { org: "acme", heavy: &heavy }, &turns, async {});
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(taken);
        waiting.await;
        assert!(!heavy.into_inner(), "it was not heavy itself");
    }
}
