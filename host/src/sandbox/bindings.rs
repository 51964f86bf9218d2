//! The contract as Rust types, generated from `/wit`. The sandbox alone uses it; nothing else stands here.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    imports: { default: trappable },
    exports: { default: async },
});
