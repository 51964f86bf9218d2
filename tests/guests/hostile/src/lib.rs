//! Guests that break, or mean harm, each a component that is made when it is asked for.
//!
//! For the tests of the sandbox and of the host (`tests/tests/hostile` has one for each, or does not compile). Pure.

#![allow(clippy::unwrap_used)]

mod calls;
mod guest;
mod loads;
mod memories;
mod system;

pub use calls::{comments, fickle, touchy, touchy_body};
pub use guest::{Guest, REPLY, hook, of_version, plain_manifest, with_manifest};
pub use loads::bomb;
pub use system::{PACKAGES, SYSTEM};

/// A loop that never ends.
pub const SPIN: &str = "(loop $spin (br $spin))";

/// What a guest does to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hostile {
    /// Never comes back from `entity-hooks.before`.
    SpinInEntityBefore,
    /// Never comes back from `entity-hooks.after`.
    SpinInEntityAfter,
    /// Never comes back from `field-hooks.before`.
    SpinInFieldBefore,
    /// Never comes back from `field-hooks.after`.
    SpinInFieldAfter,
    /// Never comes back from its start function.
    SpinInStart,
    /// Never comes back when it is asked for memory.
    SpinInRealloc,
    /// Replies, and never comes back from cleaning up.
    SpinInPostReturn,
    /// Waits for longer than it may run.
    Sleep,
    /// Grows its memory until that fails.
    MemoryBomb,
    /// Begins with more memories than one call may fill.
    MemoriesBomb,
    /// Grows a table until that fails.
    TableBomb,
    /// Calls itself for ever.
    Recursion,
    /// Rejects with a message of many megabytes.
    GiantString,
    /// Replies with more intents than fit.
    GiantList,
    /// Replies with intents that all share one long text.
    AmplifiedList,
    /// Replies with tables that all share one long list of columns.
    NestedLists,
    /// Asks the host the same thing for ever.
    HostCallFlood,
    /// Logs for ever, with escapes and line ends in it.
    LogFlood,
    /// Prints for ever.
    PrintFlood,
    /// Traps after it has logged.
    TrapMidway,
    /// Ends the process, as far as it knows.
    Exit,
    /// Replies from outside its memory.
    ReplyOutsideMemory,
    /// Replies with an intent that there is not.
    UnknownIntent,
    /// Replies with text that is none.
    InvalidText,
    /// Replies with a name that goes on as SQL.
    SqlInName,
    /// Has bytes behind its end.
    TrailingGarbage,
    /// Has no end.
    Truncated,
    /// Is larger than a component may be.
    Oversized,
    /// Takes the compiler for ever.
    CompileBomb,
    /// Wants what no plugin gets.
    UndeclaredImport,
    /// Has hooks that are no functions.
    WrongExportShape,
    /// Has more memories than any component may have.
    TooManyMemories,
}

impl Hostile {
    /// The component.
    #[must_use]
    pub fn component(self) -> Vec<u8> {
        calls::component(self).or_else(|| loads::component(self)).unwrap()
    }

    /// Whether its hooks are called for fields, not for entities.
    #[must_use]
    pub fn is_called_for_fields(self) -> bool {
        matches!(self, Self::SpinInFieldBefore | Self::SpinInFieldAfter)
    }
}
