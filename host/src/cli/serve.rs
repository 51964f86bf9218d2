//! `hookwright serve`: the HTTP interface, until the process is asked to stop.

use std::net::SocketAddr;

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
    let served = http::serve(host, listener, http::stop_signal()).await;
    resuming.abort();
    served.map(|()| Exit::Done)
}
