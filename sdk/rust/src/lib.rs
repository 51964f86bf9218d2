//! Write Hookwright hook plugins in Rust.
//!
//! A plugin is a crate of type `cdylib` (and `rlib`, for its tests) with a type that implements [`Plugin`],
//! exported by [`export_plugin!`]. A hook reads a change and returns [intents](intent), or a [`Rejection`].
//! It touches no database: the host checks each intent, plans and executes.
//!
//! ```
//! use hookwright_sdk::prelude::*;
//!
//! /// Gives every new table a column that says which rows are archived.
//! struct Archive;
//!
//! impl Plugin for Archive {
//!     fn entity_after(_: &Context, change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
//!         let Change::Create(entity) = change else { return Ok(vec![]) };
//!         let archived = Column::new("archived", FieldType::Boolean).not_null().default(false);
//!         Ok(vec![intent::add_column(&entity.name, archived)])
//!     }
//! }
//!
//! export_plugin!(Archive);
//!
//! // In a test: no WebAssembly, no database.
//! use hookwright_sdk::testing::Harness;
//! let mut host = Harness::new::<Archive>().table(Table::new("invoice"));
//! let intents = host.entity_create(EntitySpec::new("invoice")).expect("accepted");
//! assert_eq!(intents.len(), 1);
//! assert!(host.model("invoice").expect("kept").column("archived").is_some());
//! ```
//!
//! The manifest stands in the crate's `Cargo.toml`; `hookwright plugin build` reads it there:
//! ```toml
//! [package.metadata.hookwright]
//! hooks = ["entity.after"]
//! entities = ["*"]
//! grants = ["add-column"]
//! priority = 500
//! ```
// The generated code and its macro name this crate from outside and from within alike.
extern crate self as hookwright_sdk;

#[cfg(all(target_arch = "wasm32", feature = "bump-allocator"))]
mod alloc;
#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod glue;
pub mod host;
pub mod intent;
mod plugin;
mod schema;
mod spec;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[doc(hidden)]
pub use wit_bindgen::rt as wit_bindgen_rt;

pub use bindings::hookwright::hooks::intents::Intent;
pub use bindings::hookwright::hooks::types::{
    Check, Column, DefaultValue, EntitySpec, FieldSpec, FieldType, ForeignKey, Index, IndexKey, IndexMethod,
    OnDelete, Reference, Rejection, Table,
};
pub use plugin::{Change, Context, Plugin};

/// All that a usual plugin needs.
pub mod prelude {
    pub use crate::{
        Change, Column, Context, DefaultValue, EntitySpec, FieldSpec, FieldType, ForeignKey, Index, Intent,
        OnDelete, Plugin, Reference, Rejection, Table, export_plugin, host, intent,
    };
}
