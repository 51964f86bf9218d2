//! A proxy in front of PostgreSQL that cuts a connection at a chosen protocol message.
//!
//! The fault tests point the host at [`Proxy::url`], count the messages of a change once
//! ([`Proxy::watch`]), and then repeat it with a cut at each of them ([`Proxy::arm`]).
//! Messages are counted over all connections; a cut takes the one on which it falls.

mod gate;
mod relay;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use gate::{Cut, Seen, Side};

use crate::postgres::parse_url;
use gate::Gate;

/// The proxy; it and its connections end when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    gate: Arc<Gate>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy on a free port, in front of the server that `url` names by host and port.
    ///
    /// # Panics
    /// If `url` names no host, or there is no port to listen on.
    pub async fn start(url: &str) -> Self {
        let url = parse_url(url);
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.unwrap_or_else(|| panic!("\"{url}\" names no host to put a proxy before"));
        let server = format!("{host}:{}", url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let gate = Arc::new(Gate::default());
        let accepting = tokio::spawn(relay::accept(listener, server, gate.clone()));
        Self { gate, address, accepting }
    }

    /// `url` with the proxy's host and port in place of the server's.
    ///
    /// # Panics
    /// If `url` is none.
    pub fn url(&self, url: &str) -> String {
        let mut url = parse_url(url);
        url.set_host(Some(&self.address.ip().to_string())).expect("the URL takes a host");
        url.set_port(Some(self.address.port())).expect("the URL takes a port");
        url.into()
    }

    /// Counts from here on and cuts nothing.
    pub fn watch(&self) {
        self.gate.arm(&[], false);
    }

    /// Counts from here on, and cuts once, where `cut` says; what connects later passes.
    pub fn arm(&self, cut: Cut) {
        self.gate.arm(&[cut], false);
    }

    /// Counts from here on, and cuts once at each of `cuts`, whichever connections they fall on.
    pub fn arm_each(&self, cuts: &[Cut]) {
        self.gate.arm(cuts, false);
    }

    /// Counts from here on, cuts where `cut` says, and lets nothing pass on any connection until it is disarmed.
    pub fn arm_outage(&self, cut: Cut) {
        self.gate.arm(&[cut], true);
    }

    /// What has passed since the proxy was armed or began to watch; nothing is cut from here on.
    pub fn disarm(&self) -> Seen {
        self.gate.disarm()
    }

    /// Cuts every connection there is at this moment.
    pub fn cut_now(&self) {
        self.gate.cut_now();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.gate.cut_now();
    }
}
