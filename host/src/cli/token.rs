//! `hookwright token`: who may use the HTTP interface.

use super::{Context, Exit, print};
use crate::access::{OrgPattern, Scope};
use crate::api::TokenInfo;
use crate::error::Result;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create a token; it is shown once
    #[command(after_help = "\
Examples:
  hookwright token create --name crm --org acme-corp --scope events:write --scope metadata:read
  hookwright token create --name ops --org '*' --scope admin

The token is the only line on stdout, so that TOKEN=$(hookwright token create …) works.")]
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// An organisation it reaches, a pattern such as 'acme-*', or '*'; may be given again
        #[arg(long = "org", value_name = "NAME", required = true, value_parser = pattern)]
        orgs: Vec<OrgPattern>,
        /// What it may do there; may be given again
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
    },
    /// List the tokens
    List,
    /// Revoke a token
    Revoke {
        /// The token's id
        #[arg(value_name = "ID")]
        id: String,
    },
}

fn pattern(text: &str) -> std::result::Result<OrgPattern, String> {
    OrgPattern::parse(text).map_err(|e| format!("{e}; {}", e.help))
}

pub(crate) async fn run(command: Command, cx: Context) -> Result<Exit> {
    let host = cx.host().await?;
    match command {
        Command::Create { name, orgs, scopes } => {
            let (info, secret) = host.token_create(&name, orgs, scopes).await?;
            match cx.out.is_json() {
                true => cx.out.json(&serde_json::json!({"token": secret, "info": info}))?,
                false => {
                    cx.out.text(&secret)?;
                    cx.out.talk(&format!("created the token {}; it is not shown again", info.id));
                }
            }
        }
        Command::List => cx.out.list(
            &host.token_list().await?,
            ["id", "name", "orgs", "scopes", "created", "revoked"],
            row,
        )?,
        Command::Revoke { id } => {
            host.token_revoke(&id).await?;
            cx.out.talk(&format!("revoked {}", print::clean(&id)));
        }
    }
    Ok(Exit::Done)
}

fn row(token: &TokenInfo) -> [String; 6] {
    let orgs: Vec<_> = token.orgs.iter().map(ToString::to_string).collect();
    let scopes: Vec<_> = token.scopes.iter().map(ToString::to_string).collect();
    [
        token.id.clone(),
        print::clean(&token.name),
        orgs.join(", "),
        scopes.join(", "),
        token.created_at.clone(),
        token.revoked_at.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
