//! `hookwright drift`: where databases are not what metadata and plugins call for.

use hookwright_core::ident::OrgName;
use serde::Serialize;

use super::fleet::{Orgs, Step};
use super::{Context, Exit, print};
use crate::drift::Finding;
use crate::error::Result;
use crate::host::Host;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright drift --org acme-corp
  hookwright drift --org acme-corp --json
  hookwright drift --all

Databases are only read. Three things are compared: what metadata and plugins call for, what Hookwright recorded when
it last changed the database, and what is there. So a finding says who moved. What others added to a table is told,
and left alone.

Exit status: 0 in step, 1 error, 3 drift was found.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    orgs: Orgs,
}

/// What is printed as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    org: String,
    in_step: bool,
    findings: Vec<Finding>,
    /// Those that are left as they are.
    ignored: Vec<Finding>,
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { orgs } = arguments;
    let host = cx.host().await?;
    let Some(org) = orgs.single() else {
        let each = |org| {
            let host = &host;
            async move { Ok(step(look(host, &org).await?)) }
        };
        return orgs.pace.reading().each(orgs.members(&host).await?, &cx, each).await;
    };
    let report = look(&host, &org).await?;
    cx.out.one(&report, || text(&report))?;
    Ok(if report.in_step { Exit::Done } else { Exit::Left })
}

async fn look(host: &Host, org: &OrgName) -> Result<Report> {
    let drift = host.drift(org).await?;
    let findings = crate::drift::told(org, &drift);
    let ignored = drift.ignored.iter().map(|finding| Finding::of(org, drift.dialect(), finding)).collect();
    Ok(Report { org: org.to_string(), in_step: drift.is_in_step(), findings, ignored })
}

fn step(report: Report) -> Step<Report> {
    let own: Vec<_> = report.findings.iter().filter(|finding| !finding.foreign).collect();
    let more = match own.len() {
        0 | 1 => String::new(),
        count => format!("; and {} more: hookwright drift --org {}", count - 1, report.org),
    };
    let left = own.first().map(|finding| (finding.code.clone(), format!("{}{more}", finding.message)));
    let word = if report.in_step { "in step" } else { "drifted" }.to_owned();
    Step { report, word, left }
}

fn text(report: &Report) -> String {
    let Report { org, findings, ignored, .. } = report;
    let mut text = match (report.in_step, findings.len()) {
        (true, 0) => format!("{org} is in step"),
        (true, _) => format!("{org} is in step; others added to its tables what is left alone"),
        (false, 1) => format!("{org}: 1 finding"),
        (false, count) => format!("{org}: {count} findings"),
    };
    for Finding { code, message, repair, adopt, ignore, .. } in findings {
        text += &format!("\n\n{code}  {}\n", print::clean(message));
        text += &format!("  repair: {}", print::clean(repair));
        if let Some(adopt) = adopt {
            text += &format!("\n  adopt:  {}", print::clean(adopt));
        }
        if let Some(ignore) = ignore {
            text += &format!("\n  ignore: {}", print::clean(ignore));
        }
    }
    match ignored.len() {
        0 => text,
        count => text + &format!("\n\n{count} ignored: hookwright ignore --org {org} --list"),
    }
}
