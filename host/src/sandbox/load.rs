//! From bytes to a plugin that can be called: size, manifest, compilation, contract. Runs none of its code.

use std::fmt;
use std::sync::Arc;

use hookwright_build::manifest::{self, Manifest, ManifestError};
use sha2::{Digest, Sha256};
use wasmtime::component::InstancePre;

use super::guest::Guest;
use super::hooks::Hooks;
use super::turns::Share;
use super::{Sandbox, contract};

/// Of an organisation's components one is compiled at a time.
const ONE_AT_A_TIME: Share = Share { running: 1, waiting: u32::MAX };

/// Why bytes are not a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Too many of them.
    #[error(
        "the component has {bytes} bytes, the limit is {limit_bytes}; make it smaller, or raise \"sandbox.component_bytes\""
    )]
    TooLarge {
        /// How many.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// Not a component, or a damaged one.
    #[error("{what}")]
    NotAComponent {
        /// What is wrong.
        what: String,
    },
    /// A component that says nothing of itself.
    #[error("{what}")]
    NoManifest {
        /// What is wrong.
        what: String,
    },
    /// A manifest that makes no sense.
    #[error("{what}")]
    BadManifest {
        /// What is wrong.
        what: String,
    },
    /// It wants more of the host than there is.
    #[error(
        "the component cannot be given what it wants: {what}; a plugin may import \"hookwright:hooks\" and, for languages that need it, WASI 0.2 without HTTP"
    )]
    Import {
        /// What is wrong.
        what: String,
    },
    /// It lacks the hooks.
    #[error(
        "the component does not have the hooks of the contract: {what}; build it with \"hookwright plugin build\""
    )]
    Export {
        /// What is wrong.
        what: String,
    },
    /// It speaks another version of the contract.
    #[error(
        "the component is made for the hook contract {found}, this host speaks {spoken}; it needs a host that speaks at least {found}, or a build for {spoken}"
    )]
    Contract {
        /// The version it is made for.
        found: String,
        /// The version the host speaks.
        spoken: String,
    },
    /// It does not compile.
    #[error("the component does not compile: {what}; build it again")]
    Compile {
        /// What is wrong.
        what: String,
    },
    /// It compiles, and is made of more, or wants more memory, than the sandbox has places for.
    #[error(
        "the component asks for more than one plugin may have: {what}; make it of fewer parts or give it less memory, or raise \"sandbox.memory_bytes\" if it is memory that is named"
    )]
    OverLimits {
        /// What the engine says.
        what: String,
    },
    /// Compiling it takes more than a component may.
    #[error(
        "compiling the component took more than it may: {limit} {unit} (\"compile.{name}\"); make it simpler, or raise the limit"
    )]
    CompileLimit {
        /// The limit's name.
        name: &'static str,
        /// Its value.
        limit: u64,
        /// The value's unit.
        unit: &'static str,
    },
    /// The compiler itself failed, which says nothing of the component.
    #[error("the compiler failed: {what}")]
    Compiler {
        /// What is wrong.
        what: String,
    },
}

impl LoadError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "plugin/too-large",
            Self::NotAComponent { .. } => "plugin/not-a-component",
            Self::NoManifest { .. } => "plugin/no-manifest",
            Self::BadManifest { .. } => "plugin/bad-manifest",
            Self::Import { .. } => "plugin/import",
            Self::Export { .. } => "plugin/export",
            Self::Contract { .. } => "plugin/contract",
            Self::Compile { .. } => "plugin/compile",
            Self::OverLimits { .. } => "plugin/over-limits",
            Self::CompileLimit { .. } => "plugin/compile-limit",
            Self::Compiler { .. } => "host/fault",
        }
    }
}

/// A plugin that can be called. Cheap to clone; equal bytes are one plugin in memory.
#[derive(Clone)]
pub struct Loaded {
    /// SHA-256 of the component, in hex.
    pub digest: Arc<str>,
    /// What the plugin says of itself.
    pub manifest: Arc<Manifest>,
    pub(super) code: Arc<Code>,
}

/// A compiled component, linked to the host.
pub(super) struct Code {
    pub digest: Arc<str>,
    pub manifest: Arc<Manifest>,
    pub instance: InstancePre<Guest>,
    pub hooks: Hooks,
    /// Where its random numbers begin: the same for equal bytes.
    pub seed: u64,
}

impl Loaded {
    fn of(code: Arc<Code>) -> Self {
        Self { digest: code.digest.clone(), manifest: code.manifest.clone(), code }
    }
}

impl Sandbox {
    /// Loads a plugin of an organisation beside the runtime's own threads. What has to be compiled waits for its turn:
    /// an organisation whose components take the compiler for ever holds none of the others up for more than one.
    ///
    /// # Errors
    /// As [`Sandbox::load`].
    pub async fn load_aside(&self, org: &str, bytes: Vec<u8>) -> Result<Loaded, LoadError> {
        let (sandbox, bytes) = (self.clone(), Arc::<[u8]>::from(bytes));
        let kept = bytes.clone();
        if let Some(loaded) = aside(move || sandbox.find(&kept)).await? {
            return Ok(loaded);
        }
        let turn = self.shared.compiles.wait_for(org, ONE_AT_A_TIME).await;
        let sandbox = self.clone();
        aside(move || {
            let _turn = turn;
            sandbox.load(&bytes)
        })
        .await
    }

    /// A plugin for which nothing has to be compiled.
    fn find(&self, bytes: &[u8]) -> Result<Option<Loaded>, LoadError> {
        let digest = hex::encode(Sha256::digest(bytes));
        match self.loaded(&digest) {
            Some(loaded) => Ok(Some(loaded)),
            None if self.shared.compiler.keeps(&self.shared.engine, &digest) => self.load(bytes).map(Some),
            None => Ok(None),
        }
    }

    /// A plugin that is loaded already, by its digest.
    #[must_use]
    pub fn loaded(&self, digest: &str) -> Option<Loaded> {
        self.known(digest).map(Loaded::of)
    }

    /// Loads a plugin. Takes as long as compiling it, unless the same bytes are loaded already, or in the cache.
    ///
    /// # Errors
    /// A [`LoadError`] that says why the bytes are not a plugin.
    pub fn load(&self, bytes: &[u8]) -> Result<Loaded, LoadError> {
        let (size, limit_bytes) = (bytes.len() as u64, self.shared.limits.component_bytes);
        if size > limit_bytes {
            return Err(LoadError::TooLarge { bytes: size, limit_bytes });
        }
        let hash = Sha256::digest(bytes);
        let digest = hex::encode(hash);
        let code = match self.known(&digest) {
            Some(code) => code,
            None => {
                let seed = hash.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte));
                self.keep(self.prepare(bytes, digest.into(), seed)?)
            }
        };
        Ok(Loaded::of(code))
    }

    fn prepare(&self, bytes: &[u8], digest: Arc<str>, seed: u64) -> Result<Code, LoadError> {
        let manifest = manifest::read(bytes).map_err(bad_manifest)?;
        let engine = &self.shared.engine;
        let component = self.shared.compiler.compile(engine, &digest, bytes)?;
        let ty = component.component_type();
        let needs_wasi = contract::imports(ty.imports(engine).map(|(name, _)| name))?;
        contract::exports(ty.exports(engine).map(|(name, _)| name))?;
        let linker = if needs_wasi { &self.shared.with_wasi } else { &self.shared.plain };
        let linked = linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Import { what: one_line(&error) })?;
        let hooks = Hooks::of(&linked).map_err(|error| LoadError::Export { what: one_line(&error) })?;
        Ok(Code { digest, manifest: Arc::new(manifest), instance: linked, hooks, seed })
    }
}

async fn aside<T: Send + 'static>(
    load: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let loading = tokio::task::spawn_blocking(load);
    loading.await.map_err(|e| LoadError::Compiler { what: e.to_string() })?
}

fn bad_manifest(error: ManifestError) -> LoadError {
    let what = error.to_string();
    match error {
        ManifestError::NotComponent | ManifestError::Malformed(_) => LoadError::NotAComponent { what },
        ManifestError::Missing => LoadError::NoManifest { what },
        ManifestError::Contract { found } => {
            LoadError::Contract { found, spoken: manifest::CONTRACT.to_owned() }
        }
        ManifestError::Duplicate
        | ManifestError::TooLarge { .. }
        | ManifestError::NotUtf8(_)
        | ManifestError::Json(_)
        | ManifestError::Invalid { .. } => LoadError::BadManifest { what },
    }
}

/// An error of the engine on one line; it may quote names that the component chose.
pub(super) fn one_line(error: &wasmtime::Error) -> String {
    let text = super::log::clean(&format!("{error:#}"));
    text.chars().take(1000).collect()
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { name, version, .. } = &*self.manifest;
        write!(f, "Loaded({name} {version} {})", self.digest)
    }
}
