//! Organisations that use up what they may, over HTTP: told with the limit and when to come again, while others go on.

use std::sync::Arc;

use hookwright::access::{OrgPattern, Scope};
use hookwright::api::{OnFault, PluginInfo, PluginOptions};
use hookwright::config::Config;
use hookwright::http;
use hookwright::outcome::Status;
use hookwright::quota::QuotaLayer;
use hookwright::sandbox::Limits;
use hookwright::suspension::SuspensionConfig;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use hostile_guests::{Hostile, comments};
use reqwest::{RequestBuilder, Response};
use serde_json::Value as Json;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::bench::{PLAIN, entity};

/// A served host whose organisations `small…` have quotas of their own.
struct Site {
    home: Arc<TestHost>,
    base: String,
    token: String,
    client: reqwest::Client,
    _stop: oneshot::Sender<()>,
}

/// What is answered: the status, `Retry-After` and the body.
struct Told {
    status: u16,
    after: Option<u64>,
    body: Json,
}

impl Site {
    async fn new(small: QuotaLayer) -> Self {
        let mut config = Config::default();
        config.http.listen = "127.0.0.1:0".parse().unwrap();
        config.quotas.orgs.insert(OrgPattern::parse("small*").unwrap(), small);
        let home = TestHost::with(None, config).await;
        let host = home.host().clone();
        let listener = http::bind(&host).await.unwrap();
        let base = format!("http://{}/v1/orgs", listener.local_addr().unwrap());
        let all = vec![OrgPattern::parse("*").unwrap()];
        let (_, token) = host.token_create("test", all, vec![Scope::Admin]).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(http::serve(host, listener, async move { drop(stopped.await) }));
        Self { home, base, token, client: reqwest::Client::new(), _stop: stop }
    }

    async fn add(&self, org: &str) -> World {
        World::add(&self.home, org, Dialect::Sqlite, &["schema-sync".to_owned()]).await
    }

    fn answer(&self, request: RequestBuilder) -> impl Future<Output = Told> + Send + 'static {
        let response = request.bearer_auth(&self.token).send();
        async move { Told::of(response.await.unwrap()).await }
    }

    /// Makes a table.
    async fn make(&self, org: &str, name: &str) -> Told {
        let request = self.client.post(format!("{}/{org}/events", self.base));
        let request = request.header("content-type", "application/json");
        self.answer(request.body(entity(name, name).to_string())).await
    }

    async fn upload(&self, org: &str, component: Vec<u8>) -> Told {
        let request = self.client.post(format!("{}/{org}/plugins", self.base));
        self.answer(request.header("content-type", "application/wasm").body(component)).await
    }

    async fn quotas(&self, org: &str) -> Json {
        let told = self.answer(self.client.get(format!("{}/{org}/health", self.base))).await;
        assert_eq!(told.body["circuit"], "closed");
        told.body["quotas"].clone()
    }
}

impl Told {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let after = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
        Self { status, after, body: serde_json::from_str(&response.text().await.unwrap()).unwrap() }
    }

    fn refused(&self, status: u16, code: &str, says: &str) {
        assert_eq!((self.status, self.body["code"].as_str().unwrap()), (status, code), "{}", self.body);
        assert!(self.body["detail"].as_str().unwrap().contains(says), "{}", self.body);
    }
}

#[test]
fn an_organisation_whose_plugins_used_up_their_time_waits_and_no_other_does() {
    runtime().block_on(async {
        let site = Site::new(QuotaLayer { guest_ms_per_minute: Some(50), ..QuotaLayer::default() }).await;
        let (small, _other) = (site.add("small").await, site.add("other").await);
        let spins = Hostile::SpinInEntityAfter.component();
        small.host().plugin_install(small.org(), spins, PluginOptions::default()).await.unwrap();
        site.make("small", "first").await.refused(422, "plugin/deadline", "ran longer than 100 ms");
        let told = site.make("small", "second").await;
        told.refused(429, "org/guest-time", "the limit is 50 (\"quotas.guest_ms_per_minute\")");
        assert!((1..=60).contains(&told.after.unwrap()));
        let guest = site.quotas("small").await["guestMs"].clone();
        assert_eq!(guest["most"], 50);
        assert!(guest["used"].as_u64().unwrap() >= 50, "{guest}");
        assert_eq!(site.make("other", "first").await.status, 200);
        assert_eq!(site.quotas("other").await["guestMs"]["most"], 30_000);
    });
}

#[test]
fn uploads_are_counted_also_those_that_are_refused() {
    runtime().block_on(async {
        // The embedded plugin is one.
        let site = Site::new(QuotaLayer { uploads_per_hour: Some(3), ..QuotaLayer::default() }).await;
        let (_small, _other) = (site.add("small").await, site.add("other").await);
        let good = hostile_guests::hook(hostile_guests::REPLY);
        assert_eq!(site.upload("small", good.clone()).await.status, 200);
        site.upload("small", b"no component".to_vec()).await.refused(422, "plugin/not-a-component", "");
        let told = site.upload("small", good.clone()).await;
        told.refused(429, "org/uploads", "3 components of ");
        assert!((1..=3_600).contains(&told.after.unwrap()));
        assert_eq!(site.upload("other", good).await.status, 200);
        let quotas = site.quotas("small").await;
        assert_eq!((&quotas["uploads"]["used"], &quotas["kept"]["bound"]["used"]), (&3.into(), &2.into()));
    });
}

#[test]
fn what_is_bound_stays_when_there_is_room_for_nothing_more() {
    runtime().block_on(async {
        let site = Site::new(QuotaLayer { bound_plugins: Some(1), ..QuotaLayer::default() }).await;
        let _small = site.add("small").await;
        let told = site.upload("small", hostile_guests::hook(hostile_guests::REPLY)).await;
        told.refused(409, "org/plugins", "would have 2 plugins of ");
        assert_eq!(told.after, None);
        assert_eq!(site.make("small", "first").await.status, 200, "by the plugin that is bound");
    });
}

#[test]
fn calls_of_an_organisation_wait_in_a_line_that_is_bounded() {
    runtime().block_on(async {
        let (calls, waiting, trials) = (Some(1), Some(0), Some(16));
        let calls = QuotaLayer {
            concurrent_calls: calls,
            waiting_calls: waiting,
            concurrent_trials: trials,
            ..QuotaLayer::default()
        };
        let site = Site::new(calls).await;
        let (small, _other) = (site.add("small").await, site.add("other").await);
        let spins = Hostile::SpinInEntityAfter.component();
        small.host().plugin_install(small.org(), spins, PluginOptions::default()).await.unwrap();
        // Changes that are carried out take turns anyway; those that are only worked out here do not.
        let dry = |number: usize| {
            let request = site.client.post(format!("{}/small/events?dryRun=true", site.base));
            let name = format!("dry{number}");
            let request =
                request.header("content-type", "application/json").body(entity(&name, &name).to_string());
            site.answer(request)
        };
        let crowded = |told: &Told| told.body["code"] == "org/guest-calls" && told.status == 503;
        let told = (0..16).map(dry).collect::<JoinSet<_>>().join_all().await;
        let refused = told.iter().find(|told| crowded(told)).expect("one of them finds the place taken");
        refused.refused(
            503,
            "org/guest-calls",
            "1 plugin calls of the organisation may run at once and 0 wait",
        );
        assert!(refused.after.is_some());
        assert_eq!(site.make("other", "first").await.status, 200);
        assert_eq!(site.quotas("small").await["calls"]["running"]["used"], 0);
    });
}

/// An organisation of a host with other limits.
async fn limited(differ: impl FnOnce(&mut Limits)) -> World {
    let mut config = Config::default();
    differ(&mut config.sandbox);
    let home = TestHost::with(None, config).await;
    World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await
}

#[test]
fn a_change_with_more_intents_than_it_may_have_is_refused_whole() {
    runtime().block_on(async {
        let world = limited(|limits| limits.change_intents = 3).await;
        let entities: Vec<_> = (0..4).map(|n| entity(&format!("e{n}"), &format!("invoice{n}"))).collect();
        let error = world.send(&Json::from(entities.clone()).to_string(), PLAIN).await.unwrap_err();
        assert_eq!(error.code, "change/intents");
        assert!(error.message.contains("more than 3 intents"), "{}", error.message);
        assert!(world.host().inspect(world.org()).await.unwrap().0.tables.is_empty());
        let outcome = world.send(&entities[0].to_string(), PLAIN).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        world.in_step().await.unwrap();
    });
}

#[test]
fn a_reply_that_goes_through_too_much_is_refused_whole() {
    runtime().block_on(async {
        let world = limited(|limits| limits.effort = 4).await;
        world.send(&entity("e", "invoice").to_string(), PLAIN).await.unwrap();
        let field = |n: u32| {
            let field = serde_json::json!({"name": format!("f{n}"), "type": "Text"});
            serde_json::json!({"id": format!("f{n}"), "type": "field.create", "entity": "invoice", "field": field})
        };
        let mut refused = None;
        for n in 0..8 {
            if let Err(error) = world.send(&field(n).to_string(), PLAIN).await {
                refused = Some((n, error));
                break;
            }
        }
        let (n, error) = refused.unwrap();
        assert_eq!((n, error.code.as_str()), (3, "plugin/effort"), "a table, its key and three columns are five parts");
        assert!(error.message.contains("more than 4 (\"sandbox.effort\")"), "{}", error.message);
        assert!(error.help.contains("hookwright plugin disable --org acme schema-sync"), "{}", error.help);
        world.in_step().await.unwrap();
        // It is the plugin's fault each time, though the hook itself replied.
        for _ in 1..SuspensionConfig::default().faults {
            assert_eq!(world.send(&field(n).to_string(), PLAIN).await.unwrap_err().code, "plugin/effort");
        }
        let suspended = world.send(&field(n).to_string(), PLAIN).await.unwrap_err();
        assert_eq!(suspended.code, "plugin/suspended");
        assert!(suspended.message.contains("asks for too much in one reply"), "{suspended}");
    });
}

#[test]
fn one_reply_that_asks_for_more_than_a_change_may_have_is_its_plugins_fault() {
    runtime().block_on(async {
        let world = limited(|limits| limits.change_intents = 1).await;
        let many = entity("e", "invoice").to_string();
        let error = world.send(&many, PLAIN).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.entry.code), ("plugin/intents", "plugin/fault"), "{error}");
        assert!(error.message.contains("a whole change may have 1 (\"sandbox.change_intents\")"), "{error}");
    });
}

#[test]
fn what_the_organisation_does_not_allow_is_no_fault_of_the_plugin() {
    runtime().block_on(async {
        let world = limited(|_| ()).await;
        let grants = PluginOptions { grants: Some(vec![]), ..PluginOptions::default() };
        world.host().plugin_install(world.org(), comments("clock", 4), grants).await.unwrap();
        for number in 0..=SuspensionConfig::default().faults {
            let event = entity(&format!("e{number}"), "clock").to_string();
            assert_eq!(world.send(&event, PLAIN).await.unwrap_err().code, "plugin/not-granted");
        }
    });
}

#[test]
fn a_change_goes_on_without_a_plugin_whose_wishes_make_no_sense() {
    runtime().block_on(async {
        let world = limited(|_| ()).await;
        let options = PluginOptions {
            grants: Some(vec!["set-comment".to_owned()]),
            on_fault: OnFault::Skip,
            ..PluginOptions::default()
        };
        world.host().plugin_install(world.org(), comments("clock", 20_000), options).await.unwrap();
        let outcome = world.send(&entity("e", "clock").to_string(), PLAIN).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        assert!(outcome.intents.iter().all(|intent| intent.plugin == "schema-sync"), "{outcome:?}");
        let skipped: Vec<_> = outcome.hooks.iter().filter_map(|hook| hook.skipped.as_deref()).collect();
        assert!(
            matches!(skipped.as_slice(), [why] if why.contains("has 20000 bytes, 16384 is the most")),
            "{skipped:?}"
        );
        let plugins = world.host().plugin_list(world.org()).await.unwrap();
        let faults = |plugin: &PluginInfo| plugin.standing.as_ref().map(|standing| standing.faults);
        assert_eq!(plugins.iter().find(|plugin| plugin.name == "guest").and_then(faults), Some(1));
    });
}
