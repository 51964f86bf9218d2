//! The host as a library: what the CLI, the HTTP router and an embedding program call.

use std::sync::Arc;

use hookwright_core::event::Change;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::metadata::Entity;

use crate::config::Config;
use crate::error::Result;
use crate::outcome::{ChangeSummary, Outcome};

/// A running host. Cheap to clone; all clones are one host.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}
