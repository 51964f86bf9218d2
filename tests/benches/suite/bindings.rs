//! The contract as the types of a host that has nothing of ours, generated from `/wit`. `defaults.rs` uses it.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    exports: { default: async },
});
