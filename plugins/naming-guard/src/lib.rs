//! Refuses or amends names of entities and fields that do not fit a pattern, before they become tables and columns.
//!
//! The host calls it through its hooks. Touches nothing but its configuration, read-only.
mod config;
mod snake_case;

use hookwright_sdk::prelude::*;

pub use config::Config;
pub use snake_case::snake_case;

/// Guards names as they are given: at creation and at a rename.
#[derive(Debug)]
pub struct NamingGuard;

impl Plugin for NamingGuard {
    fn entity_before(_: &Context, change: &Change<EntitySpec>) -> Result<Option<EntitySpec>, Rejection> {
        let Some(new) = change.new_spec() else {
            return Ok(None);
        };
        if change.old_spec().is_some_and(|old| old.name == new.name) {
            return Ok(None);
        }
        let config = host::config::<Config>()?;
        let guard = config.entities()?;
        Ok(guard.amended("entity", &new.name)?.map(|name| new.clone().named(name)))
    }

    fn field_before(
        _: &Context,
        _: &str,
        change: &Change<FieldSpec>,
    ) -> Result<Option<FieldSpec>, Rejection> {
        let Some(new) = change.new_spec() else {
            return Ok(None);
        };
        if change.old_spec().is_some_and(|old| old.name == new.name) {
            return Ok(None);
        }
        let config = host::config::<Config>()?;
        let guard = config.fields()?;
        Ok(guard.amended("field", &new.name)?.map(|name| new.clone().named(name)))
    }
}

export_plugin!(NamingGuard);
