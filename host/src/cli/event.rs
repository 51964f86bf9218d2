//! `hookwright event send`: events from a file or stdin, one result line each.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;

use super::fleet::Orgs;
use super::input::{Piece, Pieces};
use super::{Context, Exit, print, schema};
use crate::api::SubmitOptions;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::outcome::Outcome;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Send events: JSON, or JSON lines with one change a line
    #[command(after_help = "\
Examples:
  hookwright event send --org acme-corp event.json
  hookwright event send --org acme-corp --dry-run events.jsonl
  hookwright event send --org 'acme-*' --canary 5 field.json
  hookwright event send --org acme-corp --batch --allow-destructive - < events.jsonl
  echo '{\"id\":\"e-1\",\"type\":\"entity.delete\",\"entity\":\"invoice\"}' |
    hookwright event send --org acme-corp -

An object is a change; an array of events is one change, atomic. An event that was applied before is
answered with its recorded outcome, so a file can be sent again.

Exit status: 0 all done, 1 error, 3 a change was held or refused.")]
    Send(Arguments),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    orgs: Orgs,
    /// All lines are one atomic change
    #[arg(long)]
    batch: bool,
    /// Work it out and change nothing
    #[arg(long)]
    dry_run: bool,
    /// What needs a confirmation may run
    #[arg(long)]
    confirm: bool,
    /// What destroys data may run
    #[arg(long)]
    allow_destructive: bool,
    /// End at the first change that is held or refused
    #[arg(long)]
    stop_on_error: bool,
    /// The events; - is stdin
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
}

pub(crate) async fn run(Command::Send(send): Command, cx: Context) -> Result<Exit> {
    let mut pieces = Pieces::new(open(&send.file)?);
    let host = cx.host().await?;
    let Some(org) = send.orgs.single() else { return many(&host, &cx, &send, pieces).await };
    let sender = Sender { host, cx: &cx, send: &send, org };
    match send.batch {
        true => sender.batch(pieces).await,
        // One change is shown in full, many by a line each.
        false => match (pieces.next().transpose()?, pieces.next().transpose()?) {
            (None, _) => Err(Error::new("event/invalid", "the input has no events")
                .help("give a JSON object, or an array of them")),
            (Some(only), None) => sender.one(&only, true).await,
            (Some(first), Some(second)) => {
                sender.all([Ok(first), Ok(second)].into_iter().chain(pieces)).await
            }
        },
    }
}

/// The same changes for many organisations; each keeps its own ledger, so a second run does what the first left.
async fn many(
    host: &Host,
    cx: &Context,
    send: &Arguments,
    pieces: impl Iterator<Item = Result<Piece>>,
) -> Result<Exit> {
    let parsed = |piece: Result<Piece>| Ok(Change::parse(piece?.text.as_bytes())?);
    let changes: Vec<Change> = pieces.map(parsed).collect::<Result<_>>()?;
    let changes = if send.batch { vec![Change::join(changes)?] } else { changes };
    let each = |org| {
        let changes = &changes;
        async move {
            let mut last = None;
            for change in changes {
                let outcome = schema::submit(host, cx, &org, change, send.options()).await?;
                let left = schema::exit(&outcome) != Exit::Done;
                last = Some((change.clone(), outcome));
                if left {
                    break;
                }
            }
            Ok(schema::step(last))
        }
    };
    send.orgs.pace.each(send.orgs.members(host).await?, cx, each).await
}

impl Arguments {
    fn options(&self) -> SubmitOptions {
        let &Self { dry_run, confirm, allow_destructive, .. } = self;
        SubmitOptions { dry_run, confirm, allow_destructive, ..SubmitOptions::default() }
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(path).map_err(|e| {
        Error::new("request/invalid", format!("the file \"{}\" cannot be read: {e}", path.display()))
            .help("correct the path, or give - for stdin")
    })?;
    Ok(Box::new(BufReader::new(file)))
}

struct Sender<'a> {
    host: Host,
    cx: &'a Context,
    send: &'a Arguments,
    org: OrgName,
}

impl Sender<'_> {
    async fn all(&self, pieces: impl Iterator<Item = Result<Piece>>) -> Result<Exit> {
        let mut worst = Exit::Done;
        for piece in pieces {
            let exit = self.one(&piece?, false).await?;
            worst = match (worst, exit) {
                (Exit::Failed, _) | (_, Exit::Failed) => Exit::Failed,
                (Exit::Left, _) | (_, Exit::Left) => Exit::Left,
                _ => Exit::Done,
            };
            if exit != Exit::Done && self.send.stop_on_error {
                break;
            }
        }
        Ok(worst)
    }

    async fn one(&self, piece: &Piece, full: bool) -> Result<Exit> {
        match Change::parse(piece.text.as_bytes()) {
            Ok(change) => self.submit(change, piece.line, full).await,
            Err(error) => self.told(error.into(), None, piece.line),
        }
    }

    async fn batch(&self, pieces: impl Iterator<Item = Result<Piece>>) -> Result<Exit> {
        let mut changes = Vec::new();
        for piece in pieces {
            let piece = piece?;
            match Change::parse(piece.text.as_bytes()) {
                Ok(change) => changes.push(change),
                Err(error) => return self.told(error.into(), None, piece.line),
            }
        }
        self.submit(Change::join(changes)?, 1, true).await
    }

    async fn submit(&self, change: Change, line: usize, full: bool) -> Result<Exit> {
        match schema::submit(&self.host, self.cx, &self.org, &change, self.send.options()).await {
            Ok(outcome) => self.show(&outcome, &change, full),
            Err(error) => self.told(error, Some(&change), line),
        }
    }

    fn show(&self, outcome: &Outcome, change: &Change, full: bool) -> Result<Exit> {
        self.cx.out.one(outcome, || match full {
            true => print::outcome(outcome, Some(change)),
            false => print::outcome_line(outcome, change),
        })?;
        Ok(schema::exit(outcome))
    }

    /// Tells why a change came to nothing. What keeps the next ones from running too ends the command.
    fn told(&self, error: Error, change: Option<&Change>, line: usize) -> Result<Exit> {
        let refused = refused(&error);
        if error.entry.status >= 500 || matches!(error.entry.code, "org/not-found" | "config/invalid") {
            return Err(error);
        }
        let error = error.of_org(&self.org);
        let told = print::Failure::new(&error, change, line, refused);
        self.cx.out.one(&told, || print::failure(&told))?;
        Ok(if refused { Exit::Left } else { Exit::Failed })
    }
}

/// Whether the host understood the change and refused it, as against an input that is wrong.
fn refused(error: &Error) -> bool {
    let area = error.entry.code.split('/').next().unwrap_or_default();
    error.entry.status < 500 && matches!(area, "metadata" | "intent" | "plugin" | "policy" | "db")
}
