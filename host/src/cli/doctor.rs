//! `hookwright doctor`: what is wrong with organisations, by cause, and what to do about it.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use hookwright_core::ident::OrgName;

use super::print::{self, clean};
use super::{Context, Exit, fleet};
use crate::access::OrgPattern;
use crate::doctor::Examined;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::trouble::{Severity, Trouble};

/// Organisations that are looked at at the same time.
const SIDE_BY_SIDE: usize = 8;

/// Notes of one kind that are still told one by one.
const MANY: usize = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright doctor
  hookwright doctor --org acme-corp --json        everything that was found
  hookwright doctor --org acme-corp --wait 60     before a deployment goes on
  hookwright doctor --org acme-corp --contents    reads all rows for broken JSON and NUL characters

Looks at the database, privileges, bookkeeping, connections, sessions, changes, schema, indexes, and at what others have
there. Databases are only read. Each trouble is told with its cause first, then with what it means and what to do.
--fix ends sessions of hosts that are stuck, and goes on with changes whose host is gone; nothing of others is touched.

Exit status: 0 all is well, 1 error, 3 something is broken, or about to be.")]
pub(crate) struct Arguments {
    /// The organisation, or a pattern of them such as 'acme-*'; all of them if it is not given
    #[arg(long, value_parser = fleet::pattern, value_name = "NAME")]
    org: Option<OrgPattern>,
    /// Do what is safe, and the host's own
    #[arg(long)]
    fix: bool,
    /// Read all rows for values that programs stumble over
    #[arg(long)]
    contents: bool,
    /// Tell all notes, and not only the first few of a kind
    #[arg(long)]
    all: bool,
    /// Wait until the databases answer, for so long at most
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let host = cx.host().await?;
    let orgs = orgs(&host, arguments.org.as_ref()).await?;
    let looks = orgs.iter().map(|org| look(&host, &cx, org, &arguments));
    let mut looks = stream::iter(looks).buffered(SIDE_BY_SIDE);
    let mut exit = Exit::Done;
    while let Some(examined) = looks.next().await {
        let examined = examined?;
        cx.out.one(&examined, || text(&examined, arguments.all))?;
        exit = if examined.well { exit } else { Exit::Left };
    }
    Ok(exit)
}

async fn orgs(host: &Host, pattern: Option<&OrgPattern>) -> Result<Vec<OrgName>> {
    let all = host.org_list().await?.into_iter().map(|org| org.name);
    let orgs: Vec<_> = all.filter(|org| pattern.is_none_or(|p| p.matches(org))).collect();
    match (orgs.is_empty(), pattern) {
        (false, _) => Ok(orgs),
        (true, Some(pattern)) => {
            Err(Error::new("org/not-found", format!("no organisation is called \"{pattern}\"")))
        }
        (true, None) => {
            Err(Error::new("org/not-found", "the host is well; there is no organisation to look at yet")
                .help("add one: hookwright org add NAME --database URL"))
        }
    }
}

async fn look(host: &Host, cx: &Context, org: &OrgName, arguments: &Arguments) -> Result<Examined> {
    if let Some(seconds) = arguments.wait
        && !host.wait_for(org, Duration::from_secs(seconds)).await?
    {
        cx.out.talk(&format!("{org}: no answer within {seconds} s"));
    }
    let examined = host.examine(org, arguments.contents).await?;
    let fixes: Vec<_> = troubles(&examined).into_iter().filter_map(|trouble| trouble.fix.clone()).collect();
    if !arguments.fix || fixes.is_empty() {
        return Ok(examined);
    }
    for fix in fixes {
        cx.out.talk(&format!("{org}: {}", host.fix(org, &fix).await?));
    }
    host.examine(org, arguments.contents).await
}

/// All of them, the worst first.
fn troubles(examined: &Examined) -> Vec<&Trouble> {
    let mut all: Vec<_> = examined.checks.iter().flat_map(|check| &check.troubles).collect();
    all.sort_by_key(|trouble| trouble.severity);
    all
}

/// What is to be told: troubles one by one, then notes; many of one kind are told as one.
fn told(examined: &Examined, all: bool) -> Vec<String> {
    let org = &examined.org;
    let (notes, others): (Vec<_>, Vec<_>) =
        troubles(examined).into_iter().partition(|trouble| trouble.severity == Severity::Note);
    let mut told: Vec<_> = others.into_iter().map(print::trouble).collect();
    let mut kinds: Vec<Vec<&Trouble>> = Vec::new();
    for note in notes {
        match kinds.iter_mut().find(|kind| kind[0].code == note.code) {
            Some(kind) => kind.push(note),
            None => kinds.push(vec![note]),
        }
    }
    for kind in kinds {
        match kind.len() > MANY && !all {
            true => told.push(print::notes(&kind, &format!("hookwright doctor --org {org} --all"))),
            false => told.extend(kind.into_iter().map(print::trouble)),
        }
    }
    told
}

fn text(examined: &Examined, all: bool) -> String {
    let Examined { org, server, checks, well } = examined;
    let mut text = match well {
        true => format!("{org} is well\n"),
        false => String::new(),
    };
    for trouble in told(examined, all) {
        text += &format!("{org}: {trouble}\n\n");
    }
    text += &format!("Looked at ({}):\n", clean(server));
    let mark = |worst| match worst {
        Some(Severity::Note) => "--",
        Some(_) => "!!",
        None => "ok",
    };
    let rows = checks.iter().map(|c| format!("  {}  {:12} {}", mark(c.severity()), c.check, clean(&c.said)));
    text + &rows.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Check;

    #[test]
    fn many_notes_of_a_kind_are_told_as_one_and_after_troubles() {
        let note = |n: usize| {
            Trouble::note("index/reference", format!("no index for {n}"), "slow").next(format!("index {n}"))
        };
        let warning = Trouble::warning("db/few-connections", "two are left", "soon none is").next("end some");
        let check = |name: &str, troubles| Check { check: name.to_owned(), said: String::new(), troubles };
        let checks =
            vec![check("indexes", (1..=30).map(note).collect()), check("connections", vec![warning])];
        let examined = Examined { org: "acme".into(), server: "PostgreSQL".into(), well: false, checks };
        let plain = |text: &String| anstream::adapter::strip_str(text).to_string();
        let short: Vec<_> = told(&examined, false).iter().map(plain).collect();
        assert_eq!(short.len(), 2);
        assert!(short[0].starts_with("warning[db/few-connections]: two are left"), "{short:?}");
        insta::assert_snapshot!(short[1], @r"
        note[index/reference]: 30 of this kind, such as
            no index for 1
            no index for 2
            no index for 3
          means: slow
          next:  of the first: index 1; see all: hookwright doctor --org acme --all
        ");
        assert_eq!(told(&examined, true).len(), 31);
    }
}
