//! `hookwright serve`: the HTTP interface, until the process is asked to stop.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::{Context, Exit};
use crate::config::DriftConfig;
use crate::error::Result;
use crate::host::Host;
use crate::http;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright serve
  hookwright serve --listen 0.0.0.0:8787

With tls.certificate and tls.key it speaks TLS, and takes over files that change, at once on SIGHUP.
Stops on SIGINT and SIGTERM, after the running changes are finished.")]
pub(crate) struct Arguments {
    /// Address and port; overrides http.listen
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(crate) async fn run(arguments: Arguments, mut cx: Context) -> Result<Exit> {
    if let Some(listen) = arguments.listen {
        cx.config.http.listen = listen;
    }
    serve(cx.host().await?, &cx).await
}

/// How often it is looked whether something is kept past its time: that is counted in days.
const PURGE_EVERY: Duration = Duration::from_secs(3600);

/// Purges what is kept past its time, where the policy says so.
async fn purge(host: Host) {
    let mut hours = tokio::time::interval(PURGE_EVERY);
    loop {
        hours.tick().await;
        host.purge_expired().await;
    }
}

/// Warns of drift: compares all organisations when the host begins and now and then, and those that moved soon after.
async fn compare(host: Host) {
    let DriftConfig { poll_s, compare_s } = host.config().drift;
    let mut whole = tokio::time::interval(Duration::from_secs(compare_s));
    let poll = Duration::from_secs(if poll_s == 0 { compare_s } else { poll_s });
    let mut polls = tokio::time::interval_at(tokio::time::Instant::now() + poll, poll);
    whole.set_missed_tick_behavior(MissedTickBehavior::Delay);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = host.drift_watch();
    loop {
        tokio::select! {
            biased;
            _ = whole.tick() => watch.round(true).await,
            _ = polls.tick(), if poll_s > 0 => watch.round(false).await,
        };
    }
}

/// Serves a host until the process is asked to stop.
pub(crate) async fn serve(host: Host, cx: &Context) -> Result<Exit> {
    let listener = http::bind(&host).await?;
    if let Ok(address) = listener.local_addr() {
        let scheme = if host.config().tls.files().is_some() { "https" } else { "http" };
        cx.out.talk(&format!("listening on {scheme}://{address} (description: /openapi.json)"));
    }
    let resuming = tokio::spawn({
        let host = host.clone();
        async move { host.resume_all().await }
    });
    let purging = tokio::spawn(purge(host.clone()));
    let comparing = tokio::spawn(compare(host.clone()));
    let served = http::serve(host, listener, http::stop_signal()).await;
    resuming.abort();
    purging.abort();
    comparing.abort();
    served.map(|()| Exit::Done)
}
