//! `hookwright plugin key`: whose signatures an organisation takes for its plugins.

use hookwright_core::ident::OrgName;
use hookwright_core::signature::PublicKey;

use super::super::{Context, Exit, org_name, print};
use crate::api::SignerInfo;
use crate::error::Result;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Take the signatures of a key from now on
    Add {
        /// The organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: OrgName,
        /// Whose key it is
        #[arg(long)]
        name: String,
        /// The public key, as "plugin sign" shows it: ed25519:…
        #[arg(value_parser = public_key)]
        key: PublicKey,
    },
    /// List the keys
    List {
        /// The organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: OrgName,
    },
    /// Take the signatures of a key no more; where signatures are required, plugins that it signed are not loaded then
    Remove {
        /// The organisation
        #[arg(long, value_parser = org_name, value_name = "NAME")]
        org: OrgName,
        /// The public key
        #[arg(value_parser = public_key)]
        key: PublicKey,
    },
}

fn public_key(text: &str) -> std::result::Result<PublicKey, String> {
    PublicKey::parse(text).ok_or_else(|| "no public key; write ed25519: and 32 bytes in base64".to_owned())
}

pub(crate) async fn run(command: Command, cx: &Context) -> Result<Exit> {
    let host = cx.host().await?;
    match command {
        Command::Add { org, name, key } => {
            host.signer_add(&org, &name, &key).await?;
            cx.out.talk(&format!("plugins signed with {key} are taken for {org}"));
        }
        Command::List { org } => {
            cx.out.list(&host.signer_list(&org).await?, ["name", "key", "added"], row)?;
        }
        Command::Remove { org, key } => {
            host.signer_remove(&org, &key).await?;
            cx.out.talk(&format!("plugins signed with {key} are not taken for {org}"));
        }
    }
    Ok(Exit::Done)
}

fn row(signer: &SignerInfo) -> [String; 3] {
    [print::clean(&signer.name), signer.key.to_string(), signer.added_at.clone()]
}
