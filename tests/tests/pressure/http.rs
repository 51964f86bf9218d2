//! Over HTTP: what is refused for now says when to come again, and one organisation's requests leave room for others'.

use hookwright::access::{OrgPattern, Scope};
use hookwright::http;
use hookwright_tests::locks::TableLock;
use hookwright_tests::postgres::TestDatabase;
use reqwest::Response;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use crate::door::{Door, State};
use crate::rig::{Rig, add_field, eventually, first_to_end};

struct Site {
    base: String,
    token: String,
    client: reqwest::Client,
    _stop: oneshot::Sender<()>,
}

impl Site {
    async fn new(rig: &Rig) -> Self {
        let listener = http::bind(&rig.host).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let all = vec![OrgPattern::parse("*").unwrap()];
        let (_, token) = rig.host.token_create("test", all, vec![Scope::Admin]).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        tokio::spawn(http::serve(rig.host.clone(), listener, stopped));
        Self { base, token, client: reqwest::Client::new(), _stop: stop }
    }

    fn send(&self, org: &str, event: &Json) -> impl Future<Output = Response> + Send + 'static {
        let request = self.client.post(format!("{}/v1/orgs/{org}/events", self.base));
        let request = request.header("content-type", "application/json").bearer_auth(&self.token);
        let sent = request.body(event.to_string()).send();
        async move { sent.await.unwrap() }
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await.unwrap()
    }

    async fn health(&self, org: &str) -> Json {
        body(self.get(&format!("/v1/orgs/{org}/health")).await).await
    }
}

async fn body(response: Response) -> Json {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// The status, the seconds to wait, and the code of a problem.
async fn told(response: Response) -> (u16, u64, String) {
    let status = response.status().as_u16();
    let wait = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    (status, wait, body(response).await["code"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_circuit_says_when_to_come_again() {
    let rig = Rig::new(|config| {
        config.database.circuit_wait_ms = 90_000;
        config.database.circuit_wait_max_ms = 90_000;
    })
    .await;
    let (database, door) = (TestDatabase::create().await, Door::new().await);
    let org = rig.org("acme", &door.url(database.url())).await;
    let site = Site::new(&rig).await;
    door.set(State::Shut).await;
    rig.until_open(&org).await;
    let (status, wait, code) = told(site.send("acme", &add_field("lost")).await).await;
    assert_eq!((status, code.as_str()), (503, "db/circuit-open"));
    assert!((30..=90).contains(&wait), "{wait}");
    let health = site.health("acme").await;
    assert_eq!(health["circuit"], "open");
    assert!(health["cause"].as_str().unwrap().starts_with("nothing listens at 127.0.0.1:"), "{health}");
    let detail =
        body(site.send("acme", &add_field("lost")).await).await["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("nothing listens at 127.0.0.1:"), "{detail}");
    assert!(health["since"].as_str() < health["nextTry"].as_str(), "{health}");
    assert_eq!(site.get("/readyz").await.status().as_u16(), 200);
    assert_eq!(site.get("/metrics").await.status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_one_organisation_leave_room_for_others() {
    let rig = Rig::new(|config| {
        config.http.max_requests_per_org = 2;
        config.database.lock_timeout_ms = 60_000;
    })
    .await;
    let database = TestDatabase::create().await;
    rig.org("acme", database.url()).await;
    rig.org("other", database.url()).await;
    let site = Site::new(&rig).await;
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let send = |id: &str| tokio::spawn(site.send("acme", &add_field(id)));
    let mut sent = vec![send("one")];
    lock.wait_for_victim().await;
    sent.extend([send("two"), send("three")]);
    let refused = first_to_end(&mut sent).await;
    assert_eq!(told(refused).await, (503, 1, "org/overloaded".to_owned()));
    assert_eq!(site.send("other", &add_field("beside")).await.status().as_u16(), 200);
    // Those that wait ask the ledger first; then only the one that is blocked has a connection.
    eventually("one connection is in use", async || {
        let health = site.health("acme").await;
        assert_eq!((&health["circuit"], &health["ofOrg"]["most"]), (&json!("closed"), &json!(8)));
        (health["ofOrg"]["used"] == 1).then_some(())
    })
    .await;
    lock.release().await;
    for sent in sent {
        assert_eq!(sent.await.unwrap().status().as_u16(), 200);
    }
    assert_eq!(site.send("acme", &add_field("four")).await.status().as_u16(), 200);
}

/// Those that wait for their turn are told whom the one waits for whose turn it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_wait_behind_one_blocker_are_told_of_it() {
    let rig = Rig::new(|config| config.http.request_timeout_ms = 10_000).await;
    let database = TestDatabase::create().await;
    rig.org("acme", database.url()).await;
    let site = Site::new(&rig).await;
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let sent: Vec<_> =
        ["one", "two", "three", "four"].map(|id| tokio::spawn(site.send("acme", &add_field(id)))).into();
    for sent in sent {
        let answer = sent.await.unwrap();
        assert_eq!(answer.status().as_u16(), 503);
        let problem = body(answer).await;
        assert_eq!(problem["code"], "db/blocked", "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("held by session {} ", lock.pid())), "{detail}");
    }
    lock.release().await;
    assert_eq!(site.send("acme", &add_field("one")).await.status().as_u16(), 200);
}
