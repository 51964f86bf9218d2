//! The test host that [`crate::host`] reaches natively: one per thread, filled by the harness.
//!
//! Only `host.rs` and the harness call it. Touches its thread-local alone.
use std::cell::RefCell;

use crate::Table;
use crate::host::Level;

/// A line a plugin wrote to its log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// How grave it is.
    pub level: Level,
    /// What it says.
    pub message: String,
}

/// What a plugin can see of the host, and what it left there.
#[derive(Debug, Default)]
pub(super) struct State {
    pub config: String,
    pub tables: Vec<Table>,
    pub entities: Vec<String>,
    pub log: Vec<LogLine>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Runs `hook` with `state` as the host's, and gives the state back with the answer.
pub(super) fn during<T>(state: State, hook: impl FnOnce() -> T) -> (State, T) {
    let outer = STATE.replace(state);
    let answer = hook();
    (STATE.replace(outer), answer)
}

pub(crate) fn log(level: Level, message: &str) {
    let message = message.to_owned();
    STATE.with_borrow_mut(|state| state.log.push(LogLine { level, message }));
}

pub(crate) fn config() -> String {
    STATE.with_borrow(|state| match state.config.as_str() {
        "" => "{}".to_owned(),
        config => config.to_owned(),
    })
}

pub(crate) fn table(name: &str) -> Option<Table> {
    STATE.with_borrow(|state| state.tables.iter().find(|t| t.name == name).cloned())
}

pub(crate) fn entities() -> Vec<String> {
    STATE.with_borrow(|state| state.entities.clone())
}
