//! `hookwright dev DIR`: serves with the plugins of a directory, reloaded as they change.

use std::path::PathBuf;

use super::serve::serve;
use super::{Context, Exit};
use crate::error::{Error, Result};
use crate::registry::watch::{PluginDir, WatchError};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright plugin build plugins/naming-guard --out build/naming-guard.wasm
  hookwright dev build
  curl -X POST http://127.0.0.1:8787/v1/orgs/acme-corp/events -H 'Content-Type: application/json' -d @event.json

Events are sent to this server; other commands do not see the directory. Every component (*.wasm) in the directory is called for every organisation, with all that its manifest
asks for, in place of an installed plugin of the same name. A build that cannot be used is refused
with the reason, and the last good one stays.")]
pub(crate) struct Arguments {
    /// Directory with components
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    if !arguments.directory.is_dir() {
        let message = format!("\"{}\" is not a directory", arguments.directory.display());
        return Err(
            Error::new("request/invalid", message).help("name the directory your plugins are built into")
        );
    }
    let host = cx.host().await?;
    let (plugins, reports) =
        PluginDir::open(host.sandbox().clone(), &arguments.directory).map_err(unwatchable)?;
    for report in reports {
        cx.out.talk(&report.to_string());
    }
    if plugins.current().is_empty() {
        let place = arguments.directory.display();
        cx.out.talk(&format!("no components (*.wasm) in {place} yet; build one there: hookwright plugin build PATH --out {place}/NAME.wasm"));
    }
    host.develop(&plugins);
    let (serving, followed, out) = (host.clone(), plugins.clone(), cx.out);
    let _watcher = plugins
        .watch(move |report| {
            serving.develop(&followed);
            out.talk(&report.to_string());
        })
        .map_err(unwatchable)?;
    serve(host, &cx).await
}

fn unwatchable(error: WatchError) -> Error {
    Error::new("request/invalid", error.to_string()).help("name the directory your plugins are built into")
}
