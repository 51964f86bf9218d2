//! Asks for what its configuration says, by the id of the event: intents of any kind, for tests.
//!
//! The host calls it through its hook, after all others. It looks at nothing but the event's id.
mod parts;
mod wish;

use std::collections::BTreeMap;

use hookwright_sdk::prelude::*;
use wish::Wish;

/// Asks for what a test writes down.
#[derive(Debug)]
pub struct Wishes;

impl Plugin for Wishes {
    fn entity_after(cx: &Context, _: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        let mut wishes: BTreeMap<String, Vec<Wish>> = host::config()?;
        let of_event = wishes.remove(cx.event_id()).unwrap_or_default();
        of_event.into_iter().map(Wish::intent).collect()
    }
}

export_plugin!(Wishes);
