//! A way to PostgreSQL that a test can shut (connections are refused, those there are end) or make silent (connections
//! are taken, and nothing passes).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookwright_tests::postgres::server_url;
use reqwest::Url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Silent,
    Shut,
}

/// The door; it and its connections end when this is dropped.
pub struct Door {
    wanted: watch::Sender<State>,
    is: watch::Receiver<State>,
    address: SocketAddr,
    knocks: Arc<AtomicUsize>,
    keeping: JoinHandle<()>,
}

impl Door {
    /// A door to the test server, open.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (wanted, wants) = watch::channel(State::Open);
        let (now, is) = watch::channel(State::Open);
        let knocks = Arc::new(AtomicUsize::new(0));
        let keeping = tokio::spawn(keep(listener, wants, now, knocks.clone()));
        Self { wanted, is, address, knocks, keeping }
    }

    /// The URL of a database on the server, through the door.
    pub fn url(&self, url: &str) -> String {
        let mut url = Url::parse(url).unwrap();
        url.set_host(Some(&self.address.ip().to_string())).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.into()
    }

    /// Makes it so from now on.
    pub async fn set(&self, state: State) {
        self.wanted.send_replace(state);
        self.is.clone().wait_for(|is| *is == state).await.unwrap();
    }

    /// How many connections it has taken.
    pub fn knocks(&self) -> usize {
        self.knocks.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

async fn keep(
    mut listener: TcpListener,
    mut wants: watch::Receiver<State>,
    now: watch::Sender<State>,
    knocks: Arc<AtomicUsize>,
) {
    let address = listener.local_addr().unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            taken = listener.accept() => {
                knocks.fetch_add(1, Ordering::SeqCst);
                connections.spawn(carry(taken.unwrap().0, wants.clone()));
            }
            changed = wants.changed() => {
                changed.unwrap();
                let state = *wants.borrow_and_update();
                if state == State::Shut {
                    drop(listener);
                    connections.shutdown().await;
                    now.send_replace(state);
                    wants.wait_for(|wanted| *wanted != State::Shut).await.unwrap();
                    listener = listen(address);
                }
                now.send_replace(*wants.borrow());
            }
        }
    }
}

/// On the same port again.
fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(128).unwrap()
}

async fn carry(client: TcpStream, state: watch::Receiver<State>) {
    let server = Url::parse(&server_url()).unwrap();
    let server = (server.host_str().unwrap().to_owned(), server.port().unwrap_or(5432));
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pass(from_client, to_server, state.clone()) => {}
        () = pass(from_server, to_client, state) => {}
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut bytes = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let open = state.wait_for(|state| *state == State::Open).await.is_ok();
        if !open || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
