//! `hookwright inspect`: metadata beside what the database has.

use hookwright_core::ident::{Ident, OrgName};

use super::print::{self, clean};
use super::{Context, Exit, org_name};
use crate::beside::{Beside, ColumnBeside};
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright inspect --org acme-corp
  hookwright inspect --org acme-corp --entity invoice --json

Shows each field beside its column, columns that plugins or others made, and what differs. Databases are only read.

Exit status: 0 in step, 1 error, 3 something differs.")]
pub(crate) struct Arguments {
    /// The organisation
    #[arg(long, value_parser = org_name, value_name = "NAME")]
    org: OrgName,
    /// One entity
    #[arg(long, value_parser = ident, value_name = "ENTITY")]
    entity: Option<Ident>,
}

fn ident(text: &str) -> std::result::Result<Ident, String> {
    Ident::parse(text).map_err(|e| e.to_string())
}

pub(crate) async fn run(arguments: Arguments, cx: Context) -> Result<Exit> {
    let Arguments { org, entity } = arguments;
    let mut all = cx.host().await?.beside(&org).await?;
    if let Some(only) = &entity {
        all.retain(|beside| beside.entity == only.as_str());
        if all.is_empty() {
            let message = format!("there is no entity \"{}\"", only.as_str());
            return Err(Error::new("metadata/not-found", message));
        }
    }
    if all.is_empty() {
        cx.out.talk("there are no entities yet");
    }
    for beside in &all {
        cx.out.one(beside, || text(beside))?;
    }
    let differs = all.iter().any(|beside| beside.findings.iter().any(|finding| !finding.foreign));
    Ok(if differs { Exit::Left } else { Exit::Done })
}

fn text(beside: &Beside) -> String {
    let Beside { entity, is_there, columns, constraints, findings } = beside;
    let state = if *is_there { "" } else { "  (its table is not there)" };
    let mut text = format!("{entity}{state}\n");
    let table = print::table(["name", "metadata", "database"], columns.iter().map(row));
    table.lines().for_each(|line| text += &format!("  {line}\n"));
    for constraint in constraints {
        text += &format!("  {}\n", clean(constraint));
    }
    for finding in findings {
        text += &format!("  !! {}\n", clean(&finding.message));
    }
    text
}

fn row(ColumnBeside { name, field, column, owner }: &ColumnBeside) -> [String; 3] {
    let or = |text: &Option<String>, none: &str| text.as_deref().map_or_else(|| none.to_owned(), clean);
    let whose = match owner.as_deref() {
        Some("plugin") => "- (a plugin's)",
        Some("kept") => "- (dropped, and kept)",
        Some(_) => "- (of others)",
        None => "-",
    };
    [clean(name), or(field, whose), or(column, "- (missing)")]
}
