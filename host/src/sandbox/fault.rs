//! Why a call gave no reply: the guest said no, the guest broke, or the host failed. The three are never mixed up.
//!
//! The sandbox makes faults; whoever calls a plugin reads them. Pure.

use hookwright_core::hook::Rejection;

/// Whose doing a [`Fault`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The plugin works and refuses the change.
    Refusal,
    /// The plugin is broken, or hostile.
    Guest,
    /// The host could not run the plugin.
    Host,
}

/// Why a call gave no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The plugin refuses the change.
    #[error("{0}")]
    Rejected(Rejection),
    /// The plugin's code hit something it cannot do, such as a panic.
    #[error("the plugin broke off: {message}; see its log, correct it and install it again")]
    Trap {
        /// What it hit, on one line.
        message: String,
        /// Where, one frame a line, innermost first; empty if unknown.
        backtrace: String,
    },
    /// The plugin's code ran too long.
    #[error("the plugin ran longer than {limit_ms} ms; let it do less, or raise \"sandbox.deadline_ms\"")]
    Deadline {
        /// The limit.
        limit_ms: u64,
    },
    /// The plugin wants to wait longer than it may run.
    #[error(
        "the plugin wants to wait for {wanted_ms} ms, which is more than what is left of its {limit_ms} ms; let it not wait, or raise \"sandbox.deadline_ms\""
    )]
    Wait {
        /// The limit of running and waiting.
        limit_ms: u64,
        /// What it asks for at once.
        wanted_ms: u64,
    },
    /// The plugin asked the host for more than can be made in the time it may run.
    #[error(
        "the plugin asked the host for more than fits the {limit_ms} ms that it may run, with {kib_per_ms} KiB for each of them; let it ask once and remember, or raise \"sandbox.deadline_ms\""
    )]
    Asked {
        /// The limit of running.
        limit_ms: u64,
        /// What is made for it in a millisecond.
        kib_per_ms: u64,
    },
    /// The call took too long by the clock, blocked in the host.
    #[error(
        "the plugin's call took longer than {limit_ms} ms by the clock; let it not wait, or raise \"sandbox.call_timeout_ms\""
    )]
    Timeout {
        /// The limit.
        limit_ms: u64,
    },
    /// The plugin wanted more memory than it may have.
    #[error(
        "the plugin wanted {wanted_bytes} bytes of memory, the limit is {limit_bytes}; let it keep less, or raise \"sandbox.memory_bytes\""
    )]
    Memory {
        /// The limit, over all memories and tables.
        limit_bytes: u64,
        /// What it would have had.
        wanted_bytes: u64,
    },
    /// The plugin wanted more table elements than it may have.
    #[error(
        "the plugin wanted {wanted} table elements, the limit is {limit}; let it keep fewer, or raise \"sandbox.table_elements\""
    )]
    Table {
        /// The limit, over all tables.
        limit: u64,
        /// What it would have had.
        wanted: u64,
    },
    /// The plugin's calls nested too deep.
    #[error(
        "the plugin's call stack outgrew {limit_bytes} bytes; let it recurse less, or raise \"sandbox.stack_bytes\""
    )]
    Stack {
        /// The limit.
        limit_bytes: u64,
    },
    /// The plugin's reply, or an argument of a host call, was too large.
    #[error(
        "the plugin handed over more than {limit_bytes} bytes at once; let it return less, or raise \"sandbox.output_bytes\""
    )]
    Output {
        /// The limit.
        limit_bytes: u64,
    },
    /// The plugin returned too many intents.
    #[error(
        "the plugin returned {count} intents, the limit is {limit}; let it return fewer, or raise \"sandbox.intents\""
    )]
    Intents {
        /// The limit.
        limit: u64,
        /// How many there were.
        count: u64,
    },
    /// The plugin called the host too often.
    #[error(
        "the plugin called the host more than {limit} times; let it ask once and remember, or raise \"sandbox.host_calls\""
    )]
    HostCalls {
        /// The limit.
        limit: u64,
    },
    /// The plugin logged too much.
    #[error(
        "the plugin logged more than {limit_bytes} bytes; let it log less, or raise \"sandbox.log_bytes\""
    )]
    Log {
        /// The limit.
        limit_bytes: u64,
    },
    /// The plugin's reply makes no sense.
    #[error("what the plugin handed over is malformed: {what}")]
    Malformed {
        /// What makes no sense, and where.
        what: String,
    },
    /// All places were taken for too long.
    #[error(
        "{limit} plugin calls are running and none ended within {waited_ms} ms; try again, or raise \"sandbox.concurrent_calls\""
    )]
    Overloaded {
        /// How many calls run at once.
        limit: u32,
        /// How long it waited.
        waited_ms: u64,
    },
    /// All places of the organisation were taken for too long, or too many of its calls wait already.
    #[error(
        "{running} plugin calls of the organisation may run at once and {waiting} wait, and after {waited_ms} ms there was no room; try again, or raise \"quotas.concurrent_calls\""
    )]
    Crowded {
        /// How many calls of it run at once.
        running: u32,
        /// How many wait.
        waiting: u32,
        /// How long this one waited.
        waited_ms: u64,
    },
    /// The host could not run the plugin. The detail is for the log, not for the caller.
    #[error("the host could not run the plugin; see the host's log")]
    Host {
        /// What went wrong.
        detail: String,
    },
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "plugin/rejected",
            Self::Trap { .. } => "plugin/trap",
            Self::Deadline { .. } | Self::Wait { .. } | Self::Asked { .. } => "plugin/deadline",
            Self::Timeout { .. } => "plugin/timeout",
            Self::Memory { .. } => "plugin/memory",
            Self::Table { .. } => "plugin/table",
            Self::Stack { .. } => "plugin/stack",
            Self::Output { .. } => "plugin/output",
            Self::Intents { .. } => "plugin/intents",
            Self::HostCalls { .. } => "plugin/host-calls",
            Self::Log { .. } => "plugin/log",
            Self::Malformed { .. } => "plugin/malformed",
            Self::Overloaded { .. } => "host/overloaded",
            Self::Crowded { .. } => "org/guest-calls",
            Self::Host { .. } => "host/fault",
        }
    }

    /// The limit that the plugin exceeded, by its name among the [`Limits`](super::Limits).
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        Some(match self {
            Self::Deadline { .. } | Self::Wait { .. } | Self::Asked { .. } => "deadline_ms",
            Self::Timeout { .. } => "call_timeout_ms",
            Self::Memory { .. } => "memory_bytes",
            Self::Table { .. } => "table_elements",
            Self::Stack { .. } => "stack_bytes",
            Self::Output { .. } => "output_bytes",
            Self::Intents { .. } => "intents",
            Self::HostCalls { .. } => "host_calls",
            Self::Log { .. } => "log_bytes",
            Self::Rejected(_)
            | Self::Trap { .. }
            | Self::Malformed { .. }
            | Self::Overloaded { .. }
            | Self::Crowded { .. }
            | Self::Host { .. } => return None,
        })
    }

    /// Whose doing it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Rejected(_) => Blame::Refusal,
            Self::Overloaded { .. } | Self::Crowded { .. } | Self::Host { .. } => Blame::Host,
            _ => Blame::Guest,
        }
    }

    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }
}
