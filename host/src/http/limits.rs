//! How many requests a second: of each token or key of a webhook, and of each address that shows no right one.
//!
//! `auth.rs` and `signed.rs` ask. The buckets take bounded memory, whatever is sent.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::extract::ConnectInfo;
use axum::http::Extensions;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::access::{Credential, Principal};
use crate::config::RateConfig;
use crate::error::{Error, Result};

/// Buckets of addresses; those that fall into one share it, and no choice of addresses makes more.
const ADDRESS_BUCKETS: u64 = 4096;
/// Credentials that were right lately; when there are more, all begin anew.
const MOST_PROVEN: usize = 16_384;
/// Buckets of senders from which on it is looked which ones are full again, and not needed.
const FEW_SENDERS: usize = 1024;

type Buckets<K, C> = RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The address that a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The address of a request; all are one where the program that has the router does not tell it.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(peer))| peer.ip());
    let plain = || extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    peer.or_else(plain)
}

/// What a credential was seen as. Nobody can work it out, since the hash has a key of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Proof(u64);

/// The buckets of a host.
pub(super) struct Limits<C: Clock = MonotonicClock> {
    config: RateConfig,
    clock: C,
    senders: Buckets<String, C>,
    /// Senders at which it is looked next which buckets are not needed.
    sweep_at: AtomicUsize,
    addresses: Buckets<u64, C>,
    proven: Mutex<HashSet<Proof>>,
    hasher: RandomState,
}

impl<C: Clock + Clone> Limits<C> {
    pub(super) fn new(config: RateConfig, clock: C) -> Self {
        let quota = |per_s, burst| Quota::per_second(per_s).allow_burst(burst);
        Self {
            senders: RateLimiter::hashmap_with_clock(quota(config.per_s, config.burst), clock.clone()),
            addresses: RateLimiter::hashmap_with_clock(
                quota(config.unauthenticated_per_s, config.unauthenticated_burst),
                clock.clone(),
            ),
            config,
            clock,
            sweep_at: AtomicUsize::new(FEW_SENDERS),
            proven: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Counts a request of a known sender.
    ///
    /// # Errors
    /// `rate/sender`.
    pub(super) fn sender(&self, principal: &Principal) -> Result<()> {
        let (key, name) = match &principal.credential {
            Credential::Local => ("local".to_owned(), "this machine".to_owned()),
            Credential::Token { id, name } => (format!("token {id}"), format!("the token \"{name}\"")),
            Credential::Webhook { id, name } => {
                (format!("webhook {id}"), format!("the key \"{name}\" of a webhook"))
            }
        };
        self.sweep();
        self.senders.check_key(&key).map_err(|until| {
            let RateConfig { per_s, burst, .. } = self.config;
            let message = format!("{name} may send {per_s} requests a second, and {burst} at once");
            Error::new("rate/sender", message).after(until.wait_time_from(self.clock.now()))
        })
    }

    /// Counts a request whose sender is not known.
    ///
    /// # Errors
    /// `rate/unauthenticated`.
    pub(super) fn stranger(&self, address: Option<IpAddr>) -> Result<()> {
        let bucket = self.hasher.hash_one(address.map(network)) % ADDRESS_BUCKETS;
        self.addresses.check_key(&bucket).map_err(|until| {
            let RateConfig { unauthenticated_per_s: per_s, unauthenticated_burst: burst, .. } = self.config;
            let message = format!(
                "an address may send {per_s} requests a second, and {burst} at once, that show no valid credential"
            );
            Error::new("rate/unauthenticated", message).after(until.wait_time_from(self.clock.now()))
        })
    }

    /// Who shows a credential, by its check. Whoever shows none that was right lately is counted as a stranger before it,
    /// and whoever shows one that is right no more, after it: so what is answered tells nobody which one it was.
    ///
    /// # Errors
    /// `rate/unauthenticated`, or that of the check.
    pub(super) async fn authenticated<T>(
        &self,
        address: Option<IpAddr>,
        proof: Proof,
        check: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let known = self.is_proven(proof);
        if !known {
            self.stranger(address)?;
        }
        match check.await {
            Ok(right) => {
                self.prove(proof);
                Ok(right)
            }
            Err(error) if known => Err(self.stranger(address).err().unwrap_or(error)),
            Err(error) => Err(error),
        }
    }

    /// What a credential is known by.
    pub(super) fn proof(&self, credential: impl Hash) -> Proof {
        Proof(self.hasher.hash_one(credential))
    }

    /// Remembers that a credential was right: who shows it is no stranger, however many strangers come from there.
    fn prove(&self, proof: Proof) {
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= MOST_PROVEN {
            proven.clear();
        }
        proven.insert(proof);
    }

    /// Whether a credential was right lately. It may not be any more.
    pub(super) fn is_proven(&self, proof: Proof) -> bool {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).contains(&proof)
    }

    /// Forgets the buckets that are full again. Done whenever they have doubled, so it costs little in sum.
    fn sweep(&self) {
        if self.senders.len() >= self.sweep_at.load(Ordering::Relaxed) {
            self.senders.retain_recent();
            self.sweep_at.store(FEW_SENDERS.max(2 * self.senders.len()), Ordering::Relaxed);
        }
    }
}

/// Who has one address of version 6 has all of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits(most: u32) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let (clock, most) = (FakeRelativeClock::default(), NonZeroU32::new(most).expect("not 0"));
        let config =
            RateConfig { per_s: most, burst: most, unauthenticated_per_s: most, unauthenticated_burst: most };
        (Limits::new(config, clock.clone()), clock)
    }

    fn token(id: &str) -> Principal {
        let credential = Credential::Token { id: id.to_owned(), name: "crm".to_owned() };
        Principal { credential, orgs: Vec::new(), scopes: Vec::new() }
    }

    #[test]
    fn a_sender_is_held_up_until_its_bucket_fills_again_and_no_other_is() {
        let (limits, clock) = limits(2);
        for _ in 0..2 {
            limits.sender(&token("a")).expect("room");
        }
        let error = limits.sender(&token("a")).expect_err("too many");
        assert_eq!((error.code.as_str(), error.retry_after_s()), ("rate/sender", 1));
        assert!(error.message.contains("\"crm\" may send 2 requests a second"), "{error}");
        limits.sender(&token("b")).expect("another");
        clock.advance(Duration::from_millis(500));
        limits.sender(&token("a")).expect("room for one");
        limits.sender(&token("a")).expect_err("and no more");
    }

    #[test]
    fn addresses_of_one_network_share_a_bucket() {
        let (limits, _) = limits(1);
        let of = |text: &str| Some(text.parse().expect("an address"));
        limits.stranger(of("2001:db8::1")).expect("room");
        let error = limits.stranger(of("2001:db8::2")).expect_err("the same network");
        assert_eq!(error.code, "rate/unauthenticated");
        limits.stranger(None).expect("an unknown address");
        limits.stranger(None).expect_err("all unknown addresses are one");
        assert_eq!(network("::ffff:1.2.3.4".parse().expect("one")), IpAddr::from([1, 2, 3, 4]));
    }

    #[test]
    fn memory_is_bounded() {
        let (limits, clock) = limits(1);
        for n in 0..20_000_u32 {
            limits.stranger(Some(IpAddr::from(n.to_be_bytes()))).ok();
            limits.prove(limits.proof(n));
            limits.sender(&token(&n.to_string())).expect("room");
            clock.advance(Duration::from_millis(10));
        }
        assert!(limits.addresses.len() <= ADDRESS_BUCKETS as usize);
        assert!(limits.senders.len() <= FEW_SENDERS, "{}", limits.senders.len());
        assert!(limits.proven.lock().expect("whole").len() <= MOST_PROVEN);
        assert!(limits.is_proven(limits.proof(19_999_u32)) && !limits.is_proven(limits.proof("x")));
    }
}
