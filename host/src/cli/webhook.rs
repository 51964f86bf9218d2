//! `hookwright webhook`: keys with which senders sign events, instead of a token.

use hookwright_core::ident::OrgName;

use super::{Context, Exit, org_name, print};
use crate::api::WebhookInfo;
use crate::error::Result;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create a key of an organisation; its secret is shown once
    #[command(after_help = "\
Examples:
  hookwright webhook create --org acme-corp --name crm

The secret (whsec_…) is the only line on stdout. Give it to the sender, who signs as Standard Webhooks says:
POST /v1/orgs/acme-corp/events with webhook-id, webhook-timestamp and webhook-signature.
An organisation has two keys at most: to change one, create the second, have the sender use it, revoke the first.")]
    Create {
        /// The organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: OrgName,
        /// What it is for; changes are made by webhook:NAME
        #[arg(long)]
        name: String,
    },
    /// List the keys
    List {
        /// Only those of this organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: Option<OrgName>,
    },
    /// Revoke a key
    Revoke {
        /// The key's id
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub(crate) async fn run(command: Command, cx: Context) -> Result<Exit> {
    let host = cx.host().await?;
    match command {
        Command::Create { org, name } => {
            let (info, secret) = host.webhook_create(&org, &name).await?;
            match cx.out.is_json() {
                true => cx.out.json(&serde_json::json!({"secret": secret, "info": info}))?,
                false => {
                    cx.out.text(&secret)?;
                    cx.out.talk(&format!("created the key {}; its secret is not shown again", info.id));
                }
            }
        }
        Command::List { org } => cx.out.list(
            &host.webhook_list(org.as_ref()).await?,
            ["id", "org", "name", "created", "revoked"],
            row,
        )?,
        Command::Revoke { id } => {
            host.webhook_revoke(&id).await?;
            cx.out.talk(&format!("revoked {}", print::clean(&id)));
        }
    }
    Ok(Exit::Done)
}

fn row(key: &WebhookInfo) -> [String; 5] {
    [
        key.id.clone(),
        key.org.to_string(),
        print::clean(&key.name),
        key.created_at.clone(),
        key.revoked_at.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
