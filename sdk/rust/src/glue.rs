//! Joins a [`Plugin`] to the generated exports, and holds [`export_plugin!`](crate::export_plugin).
//!
//! Only the macro's expansion uses it. May touch the host's log, for a panic's message.
use std::marker::PhantomData;

use crate::bindings::exports::hookwright::hooks::{entity_hooks, field_hooks};
use crate::bindings::hookwright::hooks::types as wit;
use crate::{Change, Context, EntitySpec, FieldSpec, Intent, Plugin, Rejection, host};

/// The component's exports, answered by `P`.
#[derive(Debug)]
pub struct Export<P>(PhantomData<P>);

impl<P: Plugin> entity_hooks::Guest for Export<P> {
    fn before(cx: wit::Context, change: wit::EntityChange) -> Result<Option<EntitySpec>, Rejection> {
        log_panics();
        P::entity_before(&Context(cx), &entity_change(change)?)
    }

    fn after(cx: wit::Context, change: wit::EntityChange) -> Result<Vec<Intent>, Rejection> {
        log_panics();
        P::entity_after(&Context(cx), &entity_change(change)?)
    }
}

impl<P: Plugin> field_hooks::Guest for Export<P> {
    fn before(cx: wit::Context, change: wit::FieldChange) -> Result<Option<FieldSpec>, Rejection> {
        log_panics();
        let (entity, change) = field_change(change)?;
        P::field_before(&Context(cx), &entity, &change)
    }

    fn after(cx: wit::Context, change: wit::FieldChange) -> Result<Vec<Intent>, Rejection> {
        log_panics();
        let (entity, change) = field_change(change)?;
        P::field_after(&Context(cx), &entity, &change)
    }
}

fn entity_change(change: wit::EntityChange) -> Result<Change<EntitySpec>, Rejection> {
    let wit::EntityChange { action, old, new, drop_table } = change;
    Change::from_parts(action, old, new, drop_table)
}

fn field_change(change: wit::FieldChange) -> Result<(String, Change<FieldSpec>), Rejection> {
    let wit::FieldChange { entity, action, old, new, drop_column } = change;
    Ok((entity, Change::from_parts(action, old, new, drop_column)?))
}

/// A guest has no stderr, so a panic's message would be lost; only "unreachable" would remain.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| host::error(&info.to_string())));
}

/// Makes the crate export a [`Plugin`] as a Hookwright component. Once per crate.
///
/// Outside WebAssembly it expands to nothing, so that the crate can be tested natively.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code)]
        const _: () = {
            type Exported = $crate::glue::Export<$plugin>;
    $crate::bindings::export_world!(Exported with_types_in $crate::bindings);
        };
    };
}
