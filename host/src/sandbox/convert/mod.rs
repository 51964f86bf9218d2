//! The core's values as the contract's and back. Every record is taken apart in full, so that a field
//! added to the contract does not compile until it is carried over here.
//!
//! `lower` cannot fail; `lift` reads what a guest made, and finds fault with it.

mod intent;
pub(super) mod lift;
pub(super) mod lower;
mod types;
