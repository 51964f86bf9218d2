//! The plugin that comes with the host, so that nobody needs a WebAssembly toolchain to begin.

/// The component of `plugins/schema-sync`, built from the sources whose digest stands beside it.
pub(crate) static SCHEMA_SYNC: &[u8] = include_bytes!("../embedded/schema_sync.wasm");
