//! The hooks of a component: found once when it is loaded, and called on a fresh instance. Of the four, only the one that
//! is called has its type compared: that costs as much as a small hook does.
//!
//! `load.rs` finds them, `instance.rs` calls them.

use wasmtime::Store;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
};

use super::bindings::PluginPre;
use super::bindings::hookwright::hooks::types::{Context, Rejection};
use super::guest::Guest;

/// Where the hooks of a component are.
pub(super) struct Hooks {
    pub entity_before: ComponentExportIndex,
    pub entity_after: ComponentExportIndex,
    pub field_before: ComponentExportIndex,
    pub field_after: ComponentExportIndex,
}

/// What a hook gives back: something, or its refusal.
pub(super) type Refusable<T> = Result<T, Rejection>;

/// A hook that takes changes of a kind, and gives back something.
pub(super) type Hook<'a, C, R> = TypedFunc<(&'a Context, &'a C), (Refusable<R>,)>;

impl Hooks {
    /// Finds them; an error says what is missing.
    pub fn of(linked: &InstancePre<Guest>) -> wasmtime::Result<Self> {
        // The generated code says best what a component lacks.
        PluginPre::new(linked.clone())?;
        let (entity, field) = ("hookwright:hooks/entity-hooks@1.0.0", "hookwright:hooks/field-hooks@1.0.0");
        Ok(Self {
            entity_before: find(linked, entity, "before")?,
            entity_after: find(linked, entity, "after")?,
            field_before: find(linked, field, "before")?,
            field_after: find(linked, field, "after")?,
        })
    }
}

fn find(linked: &InstancePre<Guest>, interface: &str, hook: &str) -> wasmtime::Result<ComponentExportIndex> {
    let component = linked.component();
    let missing = || wasmtime::format_err!("it does not export \"{hook}\" of \"{interface}\"");
    let interface_index = component.get_export_index(None, interface).ok_or_else(missing)?;
    component.get_export_index(Some(&interface_index), hook).ok_or_else(missing)
}

/// A hook of an instance, its type compared.
pub(super) fn typed<'a, C, R>(
    store: &mut Store<Guest>,
    instance: &Instance,
    hook: &ComponentExportIndex,
) -> wasmtime::Result<Hook<'a, C, R>>
where
    (&'a Context, &'a C): ComponentNamedList + Lower,
    (Refusable<R>,): ComponentNamedList + Lift,
{
    instance.get_typed_func(store, hook)
}
