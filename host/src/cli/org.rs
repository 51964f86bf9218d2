//! `hookwright org`: organisations and their databases.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::api::{OrgCheck, OrgOptions};
use crate::error::Result;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register an organisation and make its database ready
    #[command(after_help = "\
Examples:
  hookwright org add acme-corp --database sqlite:acme.db
  hookwright org add acme-corp --database postgres://hookwright:PASSWORD@db.internal:5432/crm

On PostgreSQL the organisation's tables are in the schema of its name. The address is kept with its
password in the control database, which only its owner can read; it is never printed.")]
    Add {
        /// Name: 1 to 63 of a-z 0-9 _ -
        #[arg(value_parser = org_name)]
        name: OrgName,
        /// Address of its database: postgres://… or sqlite:PATH
        #[arg(long, value_name = "URL")]
        database: String,
        /// Do not bind the embedded plugin "schema-sync"
        #[arg(long)]
        no_default_plugins: bool,
    },
    /// List the organisations
    List,
    /// Forget an organisation; its database stays as it is
    Remove {
        /// Name
        #[arg(value_parser = org_name)]
        name: OrgName,
    },
    /// Look at what an organisation's database answers and allows
    #[command(after_help = "Exit status: 0 all is well, 3 something stands in the way of a change.")]
    Check {
        /// Name
        #[arg(value_parser = org_name)]
        name: OrgName,
    },
}

pub(crate) async fn run(command: Command, cx: Context) -> Result<Exit> {
    let host = cx.host().await?;
    match command {
        Command::Add { name, database, no_default_plugins } => {
            let options = OrgOptions { default_plugins: !no_default_plugins };
            let info = host.org_add(&name, &database, options).await?;
            cx.out.one(&info, || format!("added {} on {}", info.name, info.database))?;
        }
        Command::List => {
            let rows =
                |o: &crate::api::OrgInfo| [o.name.to_string(), o.database.to_string(), o.created_at.clone()];
            cx.out.list(&host.org_list().await?, ["org", "database", "added"], rows)?;
        }
        Command::Remove { name } => {
            host.org_remove(&name).await?;
            cx.out.talk(&format!("removed {name}; its database was not touched"));
        }
        Command::Check { name } => {
            let check = host.org_check(&name).await?;
            cx.out.one(&check, || table(&check))?;
            return Ok(if check.passed() { Exit::Done } else { Exit::Left });
        }
    }
    Ok(Exit::Done)
}

fn table(check: &OrgCheck) -> String {
    let mut text = format!("{} on {}\n", check.org, print::clean(&check.server));
    for finding in &check.findings {
        let mark = if finding.ok { "ok" } else { "!!" };
        text.push_str(&format!("  {mark}  {:12} {}\n", finding.name, print::clean(&finding.message)));
        if let Some(help) = &finding.help {
            text.push_str(&format!("      help: {}\n", print::clean(help)));
        }
    }
    text.trim_end().to_owned()
}
