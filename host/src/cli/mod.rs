//! The command line: one file a command. stdout is data, stderr is talk.
//!
//! Commands work on the library directly; no server is needed. They touch files
//! that their arguments name, and the host.

mod adopt;
mod apply;
mod approve;
mod ask;
mod demo;
mod dev;
mod doctor;
mod drift;
mod event;
mod fleet;
mod history;
mod ignore;
mod input;
mod inspect;
mod org;
mod plan;
mod plugin;
mod policy;
pub mod print;
mod purge;
mod reject;
mod restore;
mod resume;
mod rollback;
mod schema;
mod serve;
mod show;
mod sync;
#[cfg(test)]
mod tests;
mod token;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use hookwright_core::ident::OrgName;

use crate::config::{Config, LogConfig};
use crate::error::{Error, Result};
use crate::host::Host;
use print::Out;

/// Keeps the physical database schema of many organisations in step with their metadata.
#[derive(Debug, Parser)]
#[command(name = "hookwright", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What `runtime` starts.
const THREADS_PER_PROCESSOR: usize = 4;

/// What a command that ends at once logs: warnings of the host. What became of attempts its own error says, and drivers
/// speak to nobody who runs it.
const COMMAND_LOG: &str = "hookwright=warn,hookwright::db=error,hookwright::executor=error";

const EXAMPLES: &str = "\
Examples:
  hookwright demo --once
  hookwright org add acme-corp --database sqlite:acme.db
  hookwright event send --org acme-corp events.jsonl
  hookwright history --org acme-corp

Exit status: 0 done, 1 error, 2 wrong usage, 3 work is left (a change was held or refused).";

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// Configuration file; ./hookwright.toml if it is there
    #[arg(long, global = true, value_name = "FILE", env = "HOOKWRIGHT_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Print JSON, one document a line, instead of text
    #[arg(long, global = true)]
    json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what Hookwright does, on a database of its own, then serve it
    Demo(demo::Arguments),
    /// Serve the HTTP interface
    Serve(serve::Arguments),
    /// Serve with the plugins of a directory, reloaded as they change
    Dev(dev::Arguments),
    /// Add, list, move and remove organisations
    #[command(subcommand)]
    Org(org::Command),
    /// Send events
    #[command(subcommand)]
    Event(event::Command),
    /// List the changes of an organisation, newest first
    History(history::Arguments),
    /// Show a change with all that led to it
    Show(show::Arguments),
    /// Let a held change run
    Approve(approve::Arguments),
    /// Decide against a held change
    Reject(reject::Arguments),
    /// Bring back what was dropped, or list what can come back
    Restore(restore::Arguments),
    /// Remove what was dropped for good
    Purge(purge::Arguments),
    /// Undo a change that was made
    Rollback(rollback::Arguments),
    /// Show metadata beside what the database has
    Inspect(inspect::Arguments),
    /// Find out where databases are not what metadata and plugins call for
    Drift(drift::Arguments),
    /// Leave findings of drift as they are
    Ignore(ignore::Arguments),
    /// Show what would make databases what metadata and plugins call for
    Plan(plan::Arguments),
    /// Carry plans out, if they are still what they were
    Apply(apply::Arguments),
    /// Make databases what metadata and plugins call for
    Sync(sync::Arguments),
    /// Take what databases have into the metadata
    Adopt(adopt::Arguments),
    /// Find out what is wrong with organisations, and what to do about it
    Doctor(doctor::Arguments),
    /// Go on with changes whose host is gone
    Resume(resume::Arguments),
    /// Build, check and install plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// List and explain the rules, check a policy file
    #[command(subcommand)]
    Policy(policy::Command),
    /// Create, list and revoke tokens for the HTTP interface
    #[command(subcommand)]
    Token(token::Command),
    /// Create, list and revoke keys with which senders sign events
    #[command(subcommand)]
    Webhook(webhook::Command),
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Done, but work is left: something was held or refused.
    Left,
    /// Gone on after an error that was told already.
    Failed,
}

/// What every command gets.
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) out: Out,
}

impl Context {
    /// Starts the host.
    async fn host(&self) -> Result<Host> {
        let host = Host::start(self.config.clone()).await?;
        if host.is_new() {
            let path = self.config.control.database.display();
            self.out.talk(&format!("made the control database \"{path}\": it knows no organisation yet"));
        }
        Ok(host)
    }
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    if let Some(ended) = crate::sandbox::compiler(&arguments) {
        return ended;
    }
    let matches = Cli::command().get_matches();
    let org = org_of(&matches);
    let Cli { global, command } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    color(global.color);
    let out = Out::new(global.json);
    match start(&global, command, out) {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Failed) => ExitCode::from(1),
        Ok(Exit::Left) => ExitCode::from(3),
        Err(error) => {
            let error = match &org {
                Some(org) => error.of_org(org),
                None => error,
            };
            print::error(&error, out);
            ExitCode::from(1)
        }
    }
}

/// The one organisation that the arguments name, if they do: advice can name it then.
fn org_of(matches: &ArgMatches) -> Option<OrgName> {
    let (command, mut leaf) = matches.subcommand()?;
    while let Some((_, inner)) = leaf.subcommand() {
        leaf = inner;
    }
    let argument = if command == "org" { "name" } else { "org" };
    let mut names = leaf.try_get_raw(argument).ok()??;
    let name = names.next().filter(|_| names.next().is_none())?;
    OrgName::parse(name.to_str()?).ok()
}

fn start(global: &Global, command: Command, out: Out) -> Result<Exit> {
    let mut config = Config::load(global.config.as_deref(), variables()?)?;
    config.compile.program = std::env::current_exe().ok();
    // A command that ends at once shows what it did; only a server tells it through the log.
    let serves = matches!(command, Command::Serve(_) | Command::Dev(_));
    if !serves && config.log.level == LogConfig::default().level {
        config.log.level = COMMAND_LOG.to_owned();
    }
    let fault = |what: &str| Error::new("host/fault", format!("{what} could not be started"));
    // Ends after the runtime, with the last spans.
    let _traces = crate::telemetry::init(&config.log, &config.traces)?;
    let runtime = runtime().map_err(|e| fault("the runtime").because(e))?;
    let control = config.control.database.clone();
    let ended = runtime.block_on(run(command, Context { config, out }));
    ended.map_err(|error| crate::registry::store::failing_at(error, &control))
}

/// More threads than processors: while one works through a large reply, the system has the others answer everybody else.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = processors * THREADS_PER_PROCESSOR;
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

async fn run(command: Command, cx: Context) -> Result<Exit> {
    match command {
        Command::Demo(arguments) => demo::run(arguments, cx).await,
        Command::Serve(arguments) => serve::run(arguments, cx).await,
        Command::Dev(arguments) => dev::run(arguments, cx).await,
        Command::Org(command) => org::run(command, cx).await,
        Command::Event(command) => event::run(command, cx).await,
        Command::History(arguments) => history::run(arguments, cx).await,
        Command::Show(arguments) => show::run(arguments, cx).await,
        Command::Approve(arguments) => approve::run(arguments, cx).await,
        Command::Reject(arguments) => reject::run(arguments, cx).await,
        Command::Restore(arguments) => restore::run(arguments, cx).await,
        Command::Purge(arguments) => purge::run(arguments, cx).await,
        Command::Rollback(arguments) => rollback::run(arguments, cx).await,
        Command::Inspect(arguments) => inspect::run(arguments, cx).await,
        Command::Drift(arguments) => drift::run(arguments, cx).await,
        Command::Plan(arguments) => plan::run(arguments, cx).await,
        Command::Apply(arguments) => apply::run(arguments, cx).await,
        Command::Adopt(arguments) => adopt::run(arguments, cx).await,
        Command::Sync(arguments) => sync::run(arguments, cx).await,
        Command::Doctor(arguments) => doctor::run(arguments, cx).await,
        Command::Ignore(arguments) => ignore::run(arguments, cx).await,
        Command::Resume(arguments) => resume::run(arguments, cx).await,
        Command::Plugin(command) => plugin::run(command, cx).await,
        Command::Policy(command) => policy::run(command, cx).await,
        Command::Token(command) => token::run(command, cx).await,
        Command::Webhook(command) => webhook::run(command, cx).await,
    }
}

/// The variables of the environment; those that are not text cannot be ours.
fn variables() -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => all.push((name, value)),
            (Ok(name), Err(_)) if name.starts_with("HOOKWRIGHT_") => {
                return Err(Error::new("config/invalid", format!("the variable {name} is not UTF-8")));
            }
            _ => {}
        }
    }
    Ok(all)
}

fn color(when: Color) {
    match when {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// An organisation's name among the arguments.
fn org_name(text: &str) -> std::result::Result<OrgName, String> {
    OrgName::parse(text).map_err(|e| e.to_string())
}

/// A file that an argument names.
fn read(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| {
        Error::new("request/invalid", format!("the file \"{}\" cannot be read: {e}", path.display()))
            .help("correct the path")
    })
}
