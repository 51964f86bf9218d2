//! The sandbox with real components: the plugins of this repository, and hostile guests made here.
#![allow(clippy::unwrap_used)]

mod compile;
mod hooks;
mod hostile;
mod load;
mod reload;
mod support;
mod system;
