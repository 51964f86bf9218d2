//! An empty world for plugins whose language needs WASI: no files, no environment, no network, a clock
//! that stands still, random numbers that are the same in each call. What they print goes to their log.

use std::convert::Infallible;
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

use super::fault::Fault;
use super::guest::Guest;
use super::limits::RESOURCES;
use super::log::LogLevel;

/// When the clock stands still: a date that a program takes for real (2020-01-01, UTC).
const FROZEN: Duration = Duration::from_secs(1_577_836_800);
/// Random bytes one request may have.
const RANDOM_BYTES: u64 = 64 << 10;

/// The system of one call.
pub(super) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
    out: MemoryOutputPipe,
    err: MemoryOutputPipe,
}

impl Wasi {
    fn new(seed: u64, log_bytes: u64) -> Self {
        let capacity = usize::try_from(log_bytes).unwrap_or(usize::MAX);
        let (out, err) = (MemoryOutputPipe::new(capacity), MemoryOutputPipe::new(capacity));
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        let ctx = WasiCtx::builder()
            .stdout(out.clone())
            .stderr(err.clone())
            .secure_random(SplitMix(seed))
            .insecure_random(SplitMix(seed ^ 1))
            .insecure_random_seed(u128::from(seed))
            .max_random_size(RANDOM_BYTES)
            .wall_clock(StandingClock)
            .monotonic_clock(StandingClock)
            .allow_ip_name_lookup(false)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        Self { ctx, table, out, err }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (seed, log_bytes) = (self.seed, self.limits().log_bytes);
        // Made when first used: most plugins never do.
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::new(seed, log_bytes)));
        WasiCtxView { ctx: &mut wasi.ctx, table: &mut wasi.table }
    }
}

impl Guest {
    /// Puts what the guest printed into its log.
    pub fn collect_output(&mut self) -> Result<(), Fault> {
        let Some(wasi) = self.wasi.take() else { return Ok(()) };
        for (pipe, level) in [(wasi.out, LogLevel::Info), (wasi.err, LogLevel::Error)] {
            let text = pipe.contents();
            let text = String::from_utf8_lossy(&text);
            for line in text.lines() {
                self.log.push(level, line)?;
            }
        }
        Ok(())
    }
}

/// The system interface, of which waiting is ours: what a guest asks to wait for is counted.
pub(super) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl monotonic_clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.clocks().now()
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.clocks().resolution()
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.clocks().now()?;
        self.subscribe_duration(when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, nanoseconds: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.wait(Duration::from_nanos(nanoseconds))?;
        self.clocks().subscribe_duration(nanoseconds)
    }
}

/// Stands still, so that equal inputs give equal replies.
struct StandingClock;

impl HostWallClock for StandingClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        FROZEN
    }
}

impl HostMonotonicClock for StandingClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Vigna's SplitMix64: evenly spread and the same for ever, which is all that is asked of it here.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl rand::TryRng for SplitMix {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for chunk in target.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::TryRng;

    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([random.next(), random.next()], expected);
        let mut bytes = [0; 11];
        SplitMix(1_234_567).try_fill_bytes(&mut bytes).expect("infallible");
        assert_eq!(bytes[..8], 6_457_827_717_110_365_317_u64.to_le_bytes());
    }
}
