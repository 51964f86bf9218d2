//! How long a thread kept a processor busy: what it waited, and what others had of the processor meanwhile, is left out.
//!
//! For whatever is decided or charged by how much work something was: by the clock everything takes longer on a busy
//! machine. To ask for it takes about a microsecond.

use std::marker::PhantomData;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The work of this thread from a moment on. It stays on its thread.
#[derive(Debug)]
pub(crate) struct Busy {
    begun: Duration,
    of_thread: PhantomData<*const ()>,
}

impl Busy {
    /// From now on.
    pub fn begin() -> Self {
        Self { begun: of_thread(), of_thread: PhantomData }
    }

    /// How much it was so far.
    pub fn so_far(&self) -> Duration {
        of_thread().saturating_sub(self.begun)
    }
}

fn of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_counts_and_waiting_does_not() {
        const WORK: Duration = Duration::from_millis(20);
        let waiting = Busy::begin();
        let worked = std::thread::spawn(|| {
            let busy = Busy::begin();
            while busy.so_far() < WORK {
                std::hint::spin_loop();
            }
        });
        worked.join().expect("it ends");
        assert!(waiting.so_far() < WORK, "{waiting:?}");
    }
}
