//! What became of a change, as the ledger keeps it and every surface shows it.

use hookwright_core::ddl::Extent;
use hookwright_core::hook::HookPoint;
use hookwright_core::intent::Intent;
use hookwright_core::policy::{Hazard, Verdict};
use serde::{Deserialize, Serialize};

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Committed now.
    Applied,
    /// Committed before; this is the recorded outcome.
    Replayed,
    /// Not executed: it waits for a confirmation, or for the data to allow it.
    Held,
    /// Not executed: it can never be done as asked.
    Rejected,
    /// A dry run: what would be done.
    Planned,
    /// Under way: steps on large tables are done before it is committed.
    Staged,
    /// A step failed for good, and those done were taken back: nothing has changed.
    RolledBack,
}

impl Status {
    /// The status as reports and metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Replayed => "replayed",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Planned => "planned",
            Self::Staged => "staged",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// A change with all that led to it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The change's id, which a held change keeps when it is applied; absent when nothing was executed or held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The organisation.
    pub org: String,
    /// What became of it.
    pub status: Status,
    /// Ids of the events it is made of.
    pub events: Vec<String>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The revision of the organisation it led to (or, if not executed, was worked out on).
    pub revision: i64,
    /// When it was committed (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<String>,
    /// Since when it is or was held (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<String>,
    /// What was decided of it, if it was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The change that rolled it back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_by: Option<String>,
    /// Tells its plan from any other (SHA-256, hex).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// Each hook called, in order.
    pub hooks: Vec<HookReport>,
    /// Each intent, in order, with its verdict.
    pub intents: Vec<IntentReport>,
    /// The statements of the one transaction, in order.
    pub statements: Vec<StatementReport>,
    /// Steps on large tables that run beside the transaction, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// What may keep it from running, though it holds nothing up: as a dry run found it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Drift that is left: of a repair, with what stands against it; of an adoption, what plugins call for besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<crate::drift::Finding>,
    /// What was taken into the metadata: of an adoption.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopted: Vec<crate::drift::Adopted>,
    /// Why it was held or rejected, and what to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Times it was tried.
    pub attempts: u32,
    /// Microseconds from the request to the answer.
    pub duration_us: u64,
}

impl Outcome {
    /// Whether it was done, and nothing of what it was for is left.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let is_done = matches!(self.status, Status::Applied | Status::Replayed);
        is_done && self.left.is_empty() && !self.is_under_way()
    }

    /// Whether steps of it are still to be done.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        let left = |step: &StepReport| matches!(step.state.as_str(), "pending" | "begun");
        match self.status {
            Status::Staged => true,
            Status::Applied | Status::Replayed => self.steps.iter().any(left),
            Status::Held | Status::Rejected | Status::Planned | Status::RolledBack => false,
        }
    }
}

/// What was decided of a held change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether it was approved, or rejected.
    pub approved: bool,
    /// Who decided; absent if they did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A change in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSummary {
    /// The change's id.
    pub change: String,
    /// The revision of the organisation it led to (or, if held, was worked out on).
    pub revision: i64,
    /// What became of it.
    pub status: Status,
    /// When it was committed (RFC 3339, UTC); absent if it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<String>,
    /// The change that rolled it back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_by: Option<String>,
    /// That it is held, and for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldSummary>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The events it is made of, in order.
    pub events: Vec<EventSummary>,
    /// How many statements it ran.
    pub statements: usize,
    /// What is wrong with its row, if somebody edited it so that it cannot be used; then what it is about is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// What a list tells of a held change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldSummary {
    /// Since when it is held (RFC 3339, UTC).
    pub since: String,
    /// For how many seconds.
    pub seconds: i64,
    /// The strictest verdict of its intents.
    pub verdict: String,
    /// Tells its plan from any other (SHA-256, hex).
    pub plan_hash: String,
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventSummary {
    /// Its id.
    pub id: String,
    /// Its type, such as `field.create`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about: `invoice`, or `invoice.status`.
    pub subject: String,
}

/// One call of a hook.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookReport {
    /// The plugin's name.
    pub plugin: String,
    /// Its component's digest (sha256, hex).
    pub digest: String,
    /// Which hook.
    #[schema(value_type = String)]
    pub hook: HookPoint,
    /// The event it was called for.
    pub event: String,
    /// The entity.
    pub entity: String,
    /// The field, for field hooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How many intents it returned.
    pub intents: usize,
    /// Whether it amended the spec.
    #[serde(default)]
    pub amended: bool,
    /// Why it had no say, if the change went on without it: it broke, or is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Microseconds of the call.
    pub duration_us: u64,
}

/// One intent and what the policy says of it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntentReport {
    /// The plugin that asked.
    pub plugin: String,
    /// What it asked for.
    #[schema(value_type = Object)]
    pub intent: Intent,
    /// The verdict.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// The rule that gave it; absent when nothing spoke against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What it costs or endangers.
    #[schema(value_type = Vec<String>)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<Hazard>,
    /// What is to be known of it, though it holds nothing up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// What a rule of the policy found that holds nothing up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// The rule's code, such as `policy/index-too-wide`.
    pub code: String,
    /// What it found.
    pub message: String,
}

/// One statement of the plan.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementReport {
    /// What it does, such as `CREATE TABLE`.
    pub message: String,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The columns it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The SQL.
    pub sql: String,
    /// What it locks until the transaction ends (PostgreSQL); tables that the change makes are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<LockReport>,
    /// How much of its table it goes through.
    #[serde(default, skip_serializing_if = "is_nothing")]
    #[schema(value_type = String)]
    pub extent: Extent,
    /// Milliseconds that going through the table may take, from its size; rough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_ms: Option<u64>,
}

fn is_nothing(extent: &Extent) -> bool {
    *extent == Extent::Nothing
}

/// A lock on a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LockReport {
    /// The table.
    pub table: String,
    /// How strongly, in PostgreSQL's words, such as `ACCESS EXCLUSIVE`.
    pub level: String,
    /// Whether readers or writers wait while it is held.
    pub blocks: bool,
}

/// A step on a large table, which keeps nobody waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// `before` the transaction, or `after` it.
    pub when: String,
    /// What it does.
    pub title: String,
    /// The table.
    pub table: String,
    /// `pending`, `begun`, `done` or `undone`.
    pub state: String,
    /// How much is done, if that is known: blocks of the table.
    #[serde(default)]
    pub done: u64,
    /// Of how much.
    #[serde(default)]
    pub total: u64,
    /// Its statements; of one that goes in batches, the first.
    pub sql: Vec<String>,
    /// Why it is done this way.
    pub why: String,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One reason why a change was not executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// A stable code, such as `policy/drop-column`.
    pub code: String,
    /// What stands against it.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Something of the database that may keep a change from running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// A stable code, such as `db/busy-table`.
    pub code: String,
    /// What was found.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The lock that the change needs on it, in PostgreSQL's words, such as `ACCESS EXCLUSIVE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// The sessions that it has to wait for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Session>,
}

/// A session that holds a lock on a table, and has for longer than a statement of a change waits for its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its process id.
    pub pid: i32,
    /// Its role; what it is if it has none, such as `autovacuum worker`.
    pub role: String,
    /// The name its program gave.
    pub application: String,
    /// What it is doing, such as `idle in transaction`; `?` if the host's role may not see that.
    pub state: String,
    /// Seconds since its transaction began, if the host's role may see that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// The lock it holds, as `pg_locks` names it, such as `AccessShareLock`.
    pub lock: String,
}

impl std::fmt::Display for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, role, application, state, seconds, lock } = self;
        write!(f, "session {pid} of \"{role}\" ({application}")?;
        match (seconds, state.as_str()) {
            (Some(seconds), state) => write!(f, ", {state} for {seconds} s")?,
            // The host's role may not see it.
            (None, "?") => {}
            (None, state) => write!(f, ", {state}")?,
        }
        write!(f, ") with {lock}")
    }
}
