//! One organisation or many: what the commands that can do either have in common.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use hookwright_core::ident::OrgName;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::print::clean;
use super::{Context, Exit};
use crate::access::OrgPattern;
use crate::error::{Error, Result, named};
use crate::fleet::{Count, Ended, Member, RollOut};
use crate::host::Host;

/// Organisations that a message names; the rest are counted.
const MOST: usize = 5;

/// What to do about a roll-out that ended early.
const GO_ON: &str = "mend those that failed and run it again: what is done is not done twice; or go on past them: --canary 0 --stop-at 101";

/// Which organisations.
#[derive(Debug, clap::Args)]
pub(super) struct Orgs {
    /// The organisation, or a pattern of them such as 'acme-*'
    #[arg(long, value_parser = pattern, value_name = "NAME", required_unless_present = "all")]
    org: Option<OrgPattern>,
    /// Every organisation
    #[arg(long, conflicts_with = "org")]
    all: bool,
    #[command(flatten)]
    pub(super) pace: Pace,
}

/// How many organisations are served how fast.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Pace {
    /// Of many organisations, so many at the same time
    #[arg(long, value_name = "COUNT", default_value_t = RollOut::default().parallel)]
    parallel: usize,
    /// Of them, so many on one database server
    #[arg(long, value_name = "COUNT", default_value_t = RollOut::default().per_server)]
    per_server: usize,
    /// Of many, so many first: if one fails, no other begins
    #[arg(long, value_name = "COUNT", default_value_t = RollOut::default().canary)]
    canary: usize,
    /// Of many, begin no other once so many of a hundred have failed
    #[arg(long, value_name = "PERCENT", default_value_t = RollOut::default().stop_at_percent)]
    stop_at: usize,
}

pub(super) fn pattern(text: &str) -> std::result::Result<OrgPattern, String> {
    OrgPattern::parse(text).map_err(|e| e.to_string())
}

/// What a command did for one organisation of many.
pub(super) struct Step<T> {
    /// What is printed as JSON.
    pub report: T,
    /// What it came to, in a word: organisations are counted by it.
    pub word: String,
    /// Why work is left, by a code; none if nothing is.
    pub left: Option<(String, String)>,
}

/// One organisation's line as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a, T> {
    org: &'a str,
    #[serde(flatten)]
    result: Told<'a, T>,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
    message: String,
    help: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Told<'a, T> {
    Result(&'a T),
    Error(Failure<'a>),
    NotBegun(bool),
}

impl Orgs {
    /// The one organisation that is meant, if no pattern is.
    pub(super) fn single(&self) -> Option<OrgName> {
        self.org.as_ref().and_then(|pattern| OrgName::parse(&pattern.to_string()).ok())
    }

    pub(super) async fn members(&self, host: &Host) -> Result<Vec<Member>> {
        let reached = |org: &OrgName| self.all || self.org.as_ref().is_some_and(|p| p.matches(org));
        let members = members(host, reached).await?;
        match (members.is_empty(), &self.org) {
            (false, _) => Ok(members),
            (true, Some(pattern)) => {
                Err(Error::new("org/not-found", format!("no organisation is called \"{pattern}\""))
                    .help("see which there are: hookwright org list"))
            }
            (true, None) => Err(Error::new("org/not-found", "there is no organisation yet")
                .help("add one: hookwright org add NAME --database URL")),
        }
    }
}

/// The organisations that are reached.
pub(super) async fn members(host: &Host, reached: impl Fn(&OrgName) -> bool) -> Result<Vec<Member>> {
    let all = host.org_list().await?.into_iter().filter(|org| reached(&org.name));
    Ok(all.map(|org| Member { server: server(org.database.expose()), org: org.name }).collect())
}

impl Pace {
    /// For what only reads: one that fails says nothing of the others.
    pub(super) fn reading(&self) -> Self {
        Self { canary: 0, stop_at: 101, ..*self }
    }

    /// Does a command for all of them, and tells what became of each.
    pub(super) async fn each<T: Serialize, F>(
        &self,
        members: Vec<Member>,
        cx: &Context,
        each: impl Fn(OrgName) -> F,
    ) -> Result<Exit>
    where
        F: Future<Output = Result<Step<T>>>,
    {
        let &Self { parallel, per_server, canary, stop_at: stop_at_percent } = self;
        let how = RollOut { parallel, per_server, canary, stop_at_percent };
        let bar = bar(members.len());
        let told = |org: &OrgName, result: &Result<Step<T>>, count: Count| {
            bar.set_message(format!("{} failed", count.failed));
            bar.set_position(count.done as u64);
            if let Err(error) = result {
                let line = format!("{org}: {}: {}", error.code, clean(&error.to_string()));
                bar.suspend(|| cx.out.talk(&line));
            }
        };
        let ended = how.run(members, each, Result::is_err, told).await;
        bar.finish_and_clear();
        summary(cx, &ended)
    }
}

/// What tells a database server from others: its host and port, or the file.
fn server(database: &str) -> String {
    let rest = database.split_once("://").map_or(database, |(_, rest)| rest);
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    if database.starts_with("postgres") {
        place.split('/').next().unwrap_or(place).to_owned()
    } else {
        place.to_owned()
    }
}

fn bar(count: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len}  {msg}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The organisations by what became of them, and the reasons of those that are not done.
fn summary<T: Serialize>(cx: &Context, ended: &[Ended<Result<Step<T>>>]) -> Result<Exit> {
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, Why> = BTreeMap::new();
    let mut exit = Exit::Done;
    for Ended { org, result } in ended {
        let (word, reason) = match result {
            None => ("not begun", Some(("not-begun", "the roll-out ended before", GO_ON))),
            Some(Err(error)) => {
                ("failed", Some((error.code.as_str(), error.message.as_str(), error.help.as_str())))
            }
            Some(Ok(step)) => {
                let left = step.left.as_ref();
                (step.word.as_str(), left.map(|(code, message)| (code.as_str(), message.as_str(), "")))
            }
        };
        *words.entry(word).or_default() += 1;
        if let Some((code, message, help)) = reason {
            let why = || Why { message: clean(message), help: clean(help), orgs: Vec::new() };
            reasons.entry(code).or_insert_with(why).orgs.push(org.as_str());
        }
        exit = match (exit, result) {
            (Exit::Failed, _) | (_, Some(Err(_))) => Exit::Failed,
            (_, None) => Exit::Left,
            (_, Some(Ok(step))) if step.left.is_some() => Exit::Left,
            (exit, _) => exit,
        };
        if cx.out.is_json() {
            let result = match result {
                None => Told::NotBegun(true),
                Some(Err(error)) => {
                    let (message, help) = (error.to_string(), named(&error.help, org));
                    Told::Error(Failure { code: &error.code, message, help })
                }
                Some(Ok(step)) => Told::Result(&step.report),
            };
            cx.out.json(&Line { org: org.as_str(), result })?;
        }
    }
    if !cx.out.is_json() {
        cx.out.text(&text(ended.len(), &words, &reasons))?;
    }
    Ok(exit)
}

/// Why something is left of some organisations, told of the first of them.
struct Why<'a> {
    message: String,
    help: String,
    orgs: Vec<&'a str>,
}

fn text(count: usize, words: &BTreeMap<&str, usize>, reasons: &BTreeMap<&str, Why>) -> String {
    let counted: Vec<_> = words.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let organisations = if count == 1 { "organisation" } else { "organisations" };
    let mut text = format!("{count} {organisations}: {}", counted.join(", "));
    for (code, Why { message, help, orgs }) in reasons {
        let named = orgs.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
        let more = orgs.len().checked_sub(MOST).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        let first = if orgs.len() > 1 { format!("of {}: ", orgs[0]) } else { String::new() };
        text += &format!("\n\n{code}: {named}{more}\n  {first}{message}");
        if !help.is_empty() {
            text += &format!("\n  help: {help}");
        }
    }
    text
}
