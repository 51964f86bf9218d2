//! `hookwright serve`: the HTTP interface, until the process is asked to stop.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Context, Exit};
use crate::error::Result;
use crate::host::Host;
use crate::http;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright serve
  hookwright serve --listen 0.0.0.0:8787

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

/// How often databases are compared with what metadata and plugins call for, besides when the host begins.
const COMPARE_EVERY: Duration = Duration::from_secs(3600);

/// Warns of drift.
async fn compare(host: Host) {
    let mut hours = tokio::time::interval(COMPARE_EVERY);
    loop {
        hours.tick().await;
        host.warn_of_drift().await;
    }
}

/// Serves a host until the process is asked to stop.
pub(crate) async fn serve(host: Host, cx: &Context) -> Result<Exit> {
    let listener = http::bind(&host).await?;
    if let Ok(address) = listener.local_addr() {
        cx.out.talk(&format!("listening on http://{address} (description: /openapi.json)"));
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
