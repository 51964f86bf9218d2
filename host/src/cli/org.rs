//! `hookwright org`: organisations and their databases.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name};
use crate::api::OrgOptions;
use crate::error::Result;
use crate::quota::{QuotaState, Used};

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
        /// Make the PostgreSQL database, or a file's directory, if it is not there
        #[arg(long)]
        create: bool,
    },
    /// Say where an organisation's database is now
    #[command(after_help = "\
Examples:
  hookwright org update acme-corp --database postgres://hookwright:PASSWORD@db2.internal:5432/crm

For a database that was moved, or whose password is another. What is there must know the organisation already: its
history is in its database.")]
    Update {
        /// Name
        #[arg(value_parser = org_name)]
        name: OrgName,
        /// Address of its database: postgres://… or sqlite:PATH
        #[arg(long, value_name = "URL")]
        database: String,
    },
    /// Have metadata and model count as they are, though somebody changed their rows by hand
    #[command(after_help = "\
Examples:
  hookwright org accept acme-corp

For db/bookkeeping-changed: rows of the bookkeeping are not as the last change left them. Better put them back from a
backup. No table is touched; what follows from the rows is shown by hookwright drift, and a hookwright sync has the
model say again what is there.")]
    Accept {
        /// Name
        #[arg(value_parser = org_name)]
        name: OrgName,
    },
    /// List the organisations
    List,
    /// Show what an organisation has used up of its quotas
    #[command(after_help = "\
The time and the calls of its plugins are counted by each serving host for itself: GET /v1/orgs/{org}/health tells them.
The limits are set by [quotas] in the configuration.")]
    Quotas {
        /// Name
        #[arg(value_parser = org_name)]
        name: OrgName,
    },
    /// Forget an organisation; its database stays as it is
    Remove {
        /// Name
        #[arg(value_parser = org_name)]
        name: OrgName,
    },
}

pub(crate) async fn run(command: Command, cx: Context) -> Result<Exit> {
    let host = cx.host().await?;
    match command {
        Command::Add { name, database, no_default_plugins, create } => {
            let options = OrgOptions { default_plugins: !no_default_plugins, create_database: create };
            let info = host.org_add(&name, &database, options).await?;
            cx.out.one(&info, || format!("added {} on {}", info.name, info.database))?;
        }
        Command::Update { name, database } => {
            let info = host.org_update(&name, &database).await?;
            cx.out.one(&info, || format!("{} is on {} now", info.name, info.database))?;
        }
        Command::Accept { name } => {
            let accepted = host.org_accept(&name).await?;
            cx.out.one(&serde_json::json!({ "org": name, "accepted": accepted }), || match &accepted {
                Some(found) => format!("accepted: {found}"),
                None => {
                    format!("there is nothing to accept: the rows of {name} are as its last change left them")
                }
            })?;
        }
        Command::List => {
            let rows =
                |o: &crate::api::OrgInfo| [o.name.to_string(), o.database.to_string(), o.created_at.clone()];
            cx.out.list(&host.org_list().await?, ["org", "database", "added"], rows)?;
        }
        Command::Quotas { name } => {
            let quotas = host.quotas(&name).await?;
            cx.out.one(&quotas, || told(&quotas))?;
        }
        Command::Remove { name } => {
            host.org_remove(&name).await?;
            cx.out.talk(&format!("removed {name}; its database was not touched"));
        }
    }
    Ok(Exit::Done)
}

fn told(quotas: &QuotaState) -> String {
    let QuotaState { guest_ms, calls, uploads, upload_bytes, kept } = quotas;
    let counted = [
        ("uploads within an hour", *uploads),
        ("bytes of them", *upload_bytes),
        ("plugins bound", kept.bound),
        ("earlier versions kept", kept.versions),
        ("bytes of both", kept.bytes),
    ];
    let line = |(what, Used { used, most }): (&str, Used)| format!("{what:<24} {used} of {most}");
    let per_host = [("guest ms a minute", guest_ms.most), ("calls at a time", calls.running.most)];
    let limit = |(what, most): (&str, u64)| format!("{what:<24} {most} at most, on each host");
    counted.map(line).into_iter().chain(per_host.map(limit)).collect::<Vec<_>>().join("\n")
}
