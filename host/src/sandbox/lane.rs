//! The lane for guests that run long: they leave the runtime's threads to the short ones, and go on on a few threads of
//! their own, which the system serves last.
//!
//! A guest that spins would else hold the threads that answer for everybody, a tick at a time: with as many of them as
//! there are threads, whoever comes next waits for all of them. `instance.rs` has every call run here.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::SandboxError;
use super::fault::Fault;
use super::instance::Run;
use super::turns::{Share, Turns};
use crate::processor::Busy;

/// How long a guest may run before it is taken aside: longer than a Python guest needs, a hundred times what one in Rust
/// does.
const SHORT: Duration = Duration::from_millis(2);
/// How long a guest may run by the clock: a thread that is interrupted takes longer.
const MOMENT: Duration = Duration::from_micros(200);
/// Guests that take turns on one thread.
const PER_THREAD: u32 = 2;
/// How much later than others the lane's threads are served, where the system knows that.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The threads, and whose guest is next on them.
pub(super) struct Lane {
    /// There until the lane is dropped.
    runtime: Option<Runtime>,
    turns: Turns,
    share: Share,
    wait: Duration,
}

/// A guest, and how long it ran so far.
struct Watched {
    guest: Pin<Box<dyn Future<Output = Run> + Send>>,
    ran: Duration,
}

impl Lane {
    /// Half of the processors, so that the others are always free for what is short.
    pub fn start(wait: Duration) -> Result<Self, SandboxError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (processors / 2).max(1);
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(threads)
            .thread_name("hookwright-guest")
            .enable_all()
            .on_thread_start(yield_to_others);
        let runtime = Some(builder.build().map_err(SandboxError::Lane)?);
        let threads = u32::try_from(threads).unwrap_or(u32::MAX);
        let share = Share { running: threads, waiting: u32::MAX };
        Ok(Self { runtime, turns: Turns::new(threads.saturating_mul(PER_THREAD)), share, wait })
    }

    /// Runs a guest to its end: where it is called for a moment, and then aside.
    pub async fn run(&self, org: &str, guest: impl Future<Output = Run> + Send + 'static) -> Run {
        let mut guest = Watched { guest: Box::pin(guest), ran: Duration::ZERO };
        match guest.for_a_moment().await {
            Some(run) => run,
            None => self.aside(org, guest).await,
        }
    }

    async fn aside(&self, org: &str, guest: Watched) -> Run {
        let Some(runtime) = &self.runtime else { return Run::refused(no_lane()) };
        let (turns, share, wait, org) = (self.turns.clone(), self.share, self.wait, org.to_owned());
        // A set, because it ends its tasks with itself: if the caller goes away, the guest does.
        let mut task = JoinSet::new();
        let go_on = async move {
            match turns.wait(&org, share, wait).await {
                Ok(_turn) => guest.await,
                Err(fault) => Run::refused(fault),
            }
        };
        task.spawn_on(go_on, runtime.handle());
        match task.join_next().await {
            Some(Ok(run)) => run,
            Some(Err(error)) => Run::refused(Fault::Host { detail: error.to_string() }),
            None => Run::refused(no_lane()),
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // It may be dropped on a thread that must not wait.
            runtime.shutdown_background();
        }
    }
}

impl Watched {
    /// Runs the guest here, until it ends or has run for long.
    async fn for_a_moment(&mut self) -> Option<Run> {
        poll_fn(|cx| match Pin::new(&mut *self).poll(cx) {
            Poll::Ready(run) => Poll::Ready(Some(run)),
            Poll::Pending if self.ran >= SHORT => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

impl Future for Watched {
    type Output = Run;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Run> {
        // To ask for the processor's time takes as long as a small hook does: what is over in a moment goes by the clock.
        let (begun, busy) = (Instant::now(), (self.ran >= MOMENT).then(Busy::begin));
        let polled = self.guest.as_mut().poll(cx);
        self.ran += busy.map_or_else(|| begun.elapsed(), |busy| busy.so_far());
        let ran = self.ran;
        polled.map(|run| Run { ran: ran + run.ran, ..run })
    }
}

fn no_lane() -> Fault {
    Fault::Host { detail: "the lane for long calls has ended".to_owned() }
}

/// Has the system serve this thread after the others.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the threads for long calls have no lower priority");
    }
}
