//! Quotas: what one organisation may use up of a host that others use too.
//!
//! The configuration sets them, a tenant counts its guests' time, the control database what is uploaded and kept.

mod config;
mod guest;
mod state;
mod told;
mod window;

pub use config::{Quota, QuotaConfig, QuotaLayer};
pub(crate) use guest::GuestTime;
pub use state::{CallsState, KeptState, QuotaState, Used};
pub(crate) use told::{GuestLines, Room};
