//! The contract of `/wit` as Rust types: generated, nothing written by hand.
//!
//! The SDK alone reaches in; plugins use what `lib.rs` re-exports. May touch nothing.
#![allow(missing_docs, unsafe_code)]
#![allow(clippy::all)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "hookwright_sdk::bindings",
    runtime_path: "hookwright_sdk::wit_bindgen_rt",
    additional_derives: [PartialEq],
});
