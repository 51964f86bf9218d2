//! `hookwright plugin sign`, and the signature beside a component.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use hookwright_core::signature::{PluginSignature, SecretKey};
use rand::RngExt as _;
use sha2::{Digest, Sha256};

use super::super::{Context, read};
use crate::error::{Error, Result};

/// What a signature's file is called: the component's with this after it.
const ENDING: &str = "sig";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hookwright plugin sign naming_guard.wasm --key ci.pem --new-key      makes the key, too
  hookwright plugin key add --org acme-corp --name ci ed25519:…        has an organisation take it
  hookwright plugin install --org acme-corp naming_guard.wasm          finds naming_guard.wasm.sig

The key is PKCS #8 in PEM, as \"openssl genpkey -algorithm ed25519\" makes it too.")]
pub(crate) struct Arguments {
    /// The component
    file: PathBuf,
    /// The file of the secret key; only its owner may read it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Make the key first; its file must not be there
    #[arg(long)]
    new_key: bool,
    /// Where to put the signature; beside the component, with .sig after its name, by default
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, cx: &Context) -> Result<()> {
    let Arguments { file, key, new_key, out } = arguments;
    let digest = hex::encode(Sha256::digest(read(&file)?));
    let secret = if new_key { make(&key)? } else { open(&key)? };
    let (signature, out) = (secret.sign(&digest), out.unwrap_or_else(|| beside(&file)));
    std::fs::write(&out, format!("{signature}\n")).map_err(|e| unwritable(&out, &e))?;
    let public = secret.public().to_string();
    cx.out.talk(&format!("signed {digest} with {public}"));
    let told = serde_json::json!({"file": out, "digest": digest, "key": public});
    cx.out.one(&told, || out.display().to_string())
}

/// The signature in a file that is named, or beside the component if there is one.
pub(super) fn find(component: &Path, named: Option<&Path>) -> Result<Option<PluginSignature>> {
    let beside = beside(component);
    let Some(file) = named.or_else(|| Some(beside.as_path()).filter(|file| file.exists())) else {
        return Ok(None);
    };
    let bytes = read(file)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    let not_one = || {
        let message = format!("the file \"{}\" holds no signature of a plugin", file.display());
        Error::new("request/invalid", message).help("make it with: hookwright plugin sign FILE --key KEY")
    };
    PluginSignature::parse(text).map(Some).ok_or_else(not_one)
}

fn beside(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".");
    name.push(ENDING);
    name.into()
}

fn make(path: &Path) -> Result<SecretKey> {
    let mut random = [0_u8; 32];
    rand::rng().fill(&mut random[..]);
    let key = SecretKey::new(&random);
    let text = key.to_pem().ok_or_else(|| Error::new("host/fault", "the key has no text"))?;
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| unwritable(path, &e))?;
    Ok(key)
}

fn open(path: &Path) -> Result<SecretKey> {
    let bytes = read(path)?;
    #[cfg(unix)]
    if let Ok(of) = std::fs::metadata(path) {
        let mode = std::os::unix::fs::MetadataExt::mode(&of) & 0o777;
        if mode & 0o077 != 0 {
            let message = format!("the key \"{}\" has mode {mode:03o}: others may read it", path.display());
            let help = format!("chmod 600 {}; if others could read it, make another", path.display());
            return Err(Error::new("request/invalid", message).help(help));
        }
    }
    let not_one = || {
        let message = format!("the file \"{}\" holds no ed25519 key (PKCS #8 in PEM)", path.display());
        Error::new("request/invalid", message).help("make one with --new-key")
    };
    std::str::from_utf8(&bytes).ok().and_then(SecretKey::from_pem).ok_or_else(not_one)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::new("request/invalid", format!("the file \"{}\" cannot be written: {error}", path.display()))
        .help("name another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_read_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("ci.pem");
        let made = make(&path).expect("made").public();
        assert_eq!(open(&path).expect("read").public(), made);
        assert!(make(&path).expect_err("it is there").message.contains("ci.pem"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
            let mode = std::fs::metadata(&path).expect("it").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600);
            set(0o640).expect("set");
            assert!(open(&path).expect_err("readable").message.contains("mode 640"));
            set(0o600).expect("set");
        }
        std::fs::write(&path, "no key").expect("written");
        assert_eq!(open(&path).expect_err("no key").code, "request/invalid");
    }

    #[test]
    fn a_signature_is_found_beside_its_component() {
        let directory = tempfile::tempdir().expect("a directory");
        let component = directory.path().join("x.wasm");
        assert_eq!(find(&component, None).expect("none"), None);
        let signature = SecretKey::new(&[1; 32]).sign("00");
        std::fs::write(directory.path().join("x.wasm.sig"), format!("{signature}\n")).expect("written");
        assert_eq!(find(&component, None).expect("beside"), Some(signature));
        let named = directory.path().join("missing");
        assert_eq!(find(&component, Some(&named)).expect_err("missing").code, "request/invalid");
    }
}
