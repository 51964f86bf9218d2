//! `hookwright plugin`: from a crate to a plugin that is called.

mod embed;
mod existing;
mod key;
mod sign;

use std::path::PathBuf;

use hookwright_build::Manifest;
use hookwright_core::ident::OrgName;
use serde_json::Value as Json;

use super::{Context, Exit, org_name, print, read};
use crate::api::{GrantChange, OnFault, PluginInfo, PluginOptions, PluginReport};
use crate::counted::counted;
use crate::error::{Error, Result};
use crate::host_trial::Trial;
use existing::Existing;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Build a plugin crate into a component with its manifest
    #[command(after_help = "\
Examples:
  hookwright plugin build plugins/naming-guard
  hookwright plugin build . --out naming_guard.wasm")]
    Build {
        /// Directory of the crate
        path: PathBuf,
        /// Where to put the component; NAME.wasm in the working directory by default
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Give a component that no Rust crate made its manifest
    Embed(embed::Arguments),
    /// Say what a component is, and whether it can be a plugin
    Check {
        /// The component
        file: PathBuf,
    },
    /// Sign a component
    Sign(sign::Arguments),
    /// Say whose signatures an organisation takes
    #[command(subcommand)]
    Key(key::Command),
    /// Bind a plugin to an organisation, in place of the one of its name
    #[command(after_help = "\
Examples:
  hookwright plugin install --org acme-corp naming_guard.wasm --plugin-config '{\"mode\":\"amend\"}'
  hookwright plugin install --org acme-corp advisor.wasm --grant create-index --order 20
  hookwright plugin install --org acme-corp stamps.wasm --grant \"add-column on invoice*\"
  hookwright plugin install --org acme-corp advisor.wasm --dry-run     what the entities that are there would need
  hookwright plugin install --org acme-corp advisor.wasm --sync        and makes them so

A grant is a kind of intent, which then reaches the entities that the plugin is called for, or
\"KIND on PATTERN\", which reaches the tables of the pattern.")]
    #[command(alias = "add")]
    Install {
        /// The organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: OrgName,
        /// The component
        file: PathBuf,
        /// The file of its signature; FILE.sig beside it by default, if that is there
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// Its configuration: JSON, or a file with it
        #[arg(long, value_name = "FILE|JSON")]
        plugin_config: Option<String>,
        /// What it may do, such as create-index; may be given again. By default all it asks for
        #[arg(long = "grant", value_name = "KIND [on PATTERN]")]
        grants: Vec<String>,
        /// Its place: lower is called earlier. By default its manifest's priority
        #[arg(long, allow_hyphen_values = true)]
        order: Option<i32>,
        /// Do not call it yet
        #[arg(long)]
        disabled: bool,
        /// What becomes of a change when it breaks: refused, or made without it
        #[arg(long, value_name = "WHAT", default_value = "reject")]
        on_fault: OnFault,
        #[command(flatten)]
        existing: Existing,
    },
    /// Let a plugin do more
    #[command(after_help = "\
Examples:
  hookwright plugin grant --org acme-corp stamps \"add-column on invoice*\" set-comment")]
    Grant(Grants),
    /// Let a plugin do less
    Revoke(Grants),
    /// List the plugins of an organisation, in the order they are called
    List {
        /// The organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: OrgName,
    },
    /// Call a plugin from now on
    Enable(Switch),
    /// Call a plugin no longer
    Disable(Switch),
    /// Remove a plugin from an organisation
    Remove(Switch),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// The plugin's name
    name: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Switch {
    #[command(flatten)]
    plugin: Named,
    #[command(flatten)]
    existing: Existing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Grants {
    #[command(flatten)]
    plugin: Named,
    /// What it may do: a kind of intent, or one on the tables of a pattern
    #[arg(required = true, value_name = "KIND [on PATTERN]")]
    grants: Vec<String>,
}

pub(crate) async fn run(command: Command, cx: Context) -> Result<Exit> {
    match command {
        Command::Build { path, out } => build(&path, out, &cx)?,
        Command::Embed(arguments) => embed::run(arguments, &cx)?,
        Command::Check { file } => {
            let report = cx.host().await?.plugin_check(&read(&file)?).await?;
            cx.out.one(&report, || told(&report))?;
        }
        Command::Sign(arguments) => sign::run(arguments, &cx)?,
        Command::Key(command) => return key::run(command, &cx).await,
        Command::Install {
            org,
            file,
            signature,
            plugin_config,
            grants,
            order,
            disabled,
            on_fault,
            existing,
        } => {
            let grants = Some(grants).filter(|g| !g.is_empty());
            let options = PluginOptions {
                config: plugin_config.map(json).transpose()?,
                grants,
                order,
                enabled: !disabled,
                on_fault,
                signature: sign::find(&file, signature.as_deref())?,
            };
            let (host, component) = (cx.host().await?, read(&file)?);
            if existing.dry_run {
                let options = Box::new(options);
                return existing.tried(&host, &cx, &org, Trial::Install { component, options }).await;
            }
            let info = host.plugin_install(&org, component, options).await?;
            cx.out.one(&info, || {
                let head = format!("installed {} {} ({})", info.name, info.version, short(&info.digest));
                format!("{head}\n{}", granted(&info))
            })?;
            return existing.settled(&host, &cx, &org).await;
        }
        Command::Grant(Grants { plugin, grants }) => {
            let change = GrantChange { grant: grants, revoke: Vec::new() };
            regrant(plugin, change, &cx).await?;
        }
        Command::Revoke(Grants { plugin, grants }) => {
            let change = GrantChange { grant: Vec::new(), revoke: grants };
            regrant(plugin, change, &cx).await?;
        }
        Command::List { org } => show_all(&org, &cx).await?,
        Command::Enable(of) => return switch(of, Turn::Enable, &cx).await,
        Command::Disable(of) => return switch(of, Turn::Disable, &cx).await,
        Command::Remove(of) => return switch(of, Turn::Remove, &cx).await,
    }
    Ok(Exit::Done)
}

async fn show_all(org: &OrgName, cx: &Context) -> Result<()> {
    let headers = [
        "order",
        "plugin",
        "version",
        "digest",
        "enabled",
        "on fault",
        "hooks",
        "granted",
        "not granted",
        "went back from",
        "differs",
    ];
    cx.out.list(&cx.host().await?.plugin_list(org).await?, headers, row)
}

/// What is done with a plugin that is there.
enum Turn {
    Enable,
    Disable,
    Remove,
}

async fn switch(Switch { plugin, existing }: Switch, turn: Turn, cx: &Context) -> Result<Exit> {
    let (Named { org, name }, host) = (plugin, cx.host().await?);
    if existing.dry_run {
        let trial = match turn {
            Turn::Enable => Trial::Enable(name),
            Turn::Disable | Turn::Remove => Trial::Without(name),
        };
        return existing.tried(&host, cx, &org, trial).await;
    }
    let done = match turn {
        Turn::Enable => host.plugin_enable(&org, &name).await.map(|()| "enabled"),
        Turn::Disable => host.plugin_disable(&org, &name).await.map(|()| "disabled"),
        Turn::Remove => host.plugin_remove(&org, &name).await.map(|()| "removed"),
    };
    cx.out.talk(&format!("{} {} for {org}", done?, print::clean(&name)));
    existing.settled(&host, cx, &org).await
}

async fn regrant(plugin: Named, change: GrantChange, cx: &Context) -> Result<()> {
    let info = cx.host().await?.plugin_grant(&plugin.org, &plugin.name, change).await?;
    cx.out.one(&info, || granted(&info))
}

/// What a plugin asks for beside what it was granted.
fn granted(plugin: &PluginInfo) -> String {
    let mut lines = vec![format!("  granted      {}", list(&plugin.grants))];
    if !plugin.not_granted.is_empty() {
        lines.push(format!("  not granted  {}  (it asks for this too)", list(&plugin.not_granted)));
    }
    if !plugin.beyond.is_empty() {
        lines.push(format!("  beyond       {}  (it does not ask for this)", list(&plugin.beyond)));
    }
    lines.join("\n")
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "-".to_owned() } else { print::clean(&items.join(", ")) }
}

fn build(path: &std::path::Path, out: Option<PathBuf>, cx: &Context) -> Result<()> {
    let failed = |e: hookwright_build::BuildError| {
        Error::new("plugin/invalid", e.to_string()).help("correct it, then build again")
    };
    let options = hookwright_build::Options::from_env().map_err(failed)?;
    let built = hookwright_build::build_crate(path, &options).map_err(failed)?;
    let Manifest { name, version, .. } = &built.manifest;
    let done = format!("built {name} {version} with {}", built.toolchain.version);
    write(&built.component, &built.manifest, out, cx, &done)
}

/// Writes a component where it is wanted, and says what was done.
fn write(
    component: &[u8],
    manifest: &Manifest,
    out: Option<PathBuf>,
    cx: &Context,
    done: &str,
) -> Result<()> {
    let bytes = component.len();
    let file = out.unwrap_or_else(|| PathBuf::from(format!("{}.wasm", manifest.name.replace('-', "_"))));
    std::fs::write(&file, component).map_err(|e| {
        Error::new("request/invalid", format!("the file \"{}\" cannot be written: {e}", file.display()))
            .help("name another with --out")
    })?;
    cx.out.talk(&format!("{done}, {bytes} bytes"));
    let told = serde_json::json!({"file": file, "manifest": manifest, "sizeBytes": bytes});
    cx.out.one(&told, || file.display().to_string())
}

/// JSON itself, or the file that holds it.
fn json(text: String) -> Result<Json> {
    let (json, source) = match text.trim_start().starts_with('{') {
        true => (text.into_bytes(), "the configuration".to_owned()),
        false => (read(text.as_ref())?, format!("the file \"{text}\"")),
    };
    serde_json::from_slice(&json).map_err(|e| {
        Error::new("config/invalid", format!("{source} is not JSON: {e}"))
            .help("give a JSON object, or a file with one")
    })
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn told(report: &PluginReport) -> String {
    format!(
        "{} {}\n  digest    {}\n  size      {} bytes\n  hooks     {}\n  entities  {}\n  asks for  {}",
        print::clean(&report.name),
        print::clean(&report.version),
        report.digest,
        report.size_bytes,
        list(&report.hooks),
        list(&report.entities),
        list(&report.grants),
    )
}

fn row(plugin: &PluginInfo) -> [String; 11] {
    [
        plugin.order.to_string(),
        print::clean(&plugin.name),
        print::clean(&plugin.version),
        short(&plugin.digest).to_owned(),
        if plugin.enabled { "yes" } else { "no" }.to_owned(),
        plugin.on_fault.as_str().to_owned(),
        plugin.hooks.join(", "),
        match plugin.beyond.len() {
            0 => plugin.grants.len().to_string(),
            beyond => format!("{}, {beyond} beyond what it asks", plugin.grants.len()),
        },
        list(&plugin.not_granted),
        match &plugin.returned {
            Some(returned) => print::clean(&format!("{} ({})", returned.from_version, returned.cause)),
            None => "-".to_owned(),
        },
        match &plugin.differences {
            Some(found) => format!("{}, last in {}", counted(found.count, "time"), print::clean(&found.hook)),
            None => "-".to_owned(),
        },
    ]
}
