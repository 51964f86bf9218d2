//! What the bookkeeping of this version is made of: its tables with their columns, and PostgreSQL's functions. A test
//! compares it with what the migrations make.

/// The tables, without what precedes their names, and their columns.
pub(in crate::db) type Tables = &'static [(&'static str, &'static str)];

/// PostgreSQL's, in the schema `hookwright`.
pub(in crate::db) const POSTGRES_TABLES: Tables = &[
    (
        "change",
        "org id revision status actor correlation_id committed_at summary outcome undo rolled_back_by",
    ),
    ("entity", "org id name spec"),
    ("event", "org event_id change_id digest body"),
    ("fence", "org attempt at"),
    ("field", "org id entity_id position name spec"),
    ("hand", "org kind key name deed role program at"),
    (
        "held",
        "org id status actor sender correlation_id events plan_hash revision verdict summary outcome created_at decided_at decided_by note attempt consent reasons",
    ),
    ("held_event", "org event_id held_id"),
    ("journal", "org change_id state lease_by lease_until created_at"),
    ("meta", "version"),
    ("model", "org name definition relation home columns"),
    ("org", "org revision created_at touched"),
    ("step", "org change_id number phase step state done total pass filled error begun_at ended_at"),
    ("tombstone", "org table_name column_name change_id actor dropped_at memory"),
];

/// SQLite's, named `hookwright_…`.
pub(in crate::db) const SQLITE_TABLES: Tables = &[
    (
        "change",
        "org id revision status actor correlation_id committed_at summary outcome undo rolled_back_by",
    ),
    ("entity", "org id name spec"),
    ("event", "org event_id change_id digest body"),
    ("field", "org id entity_id position name spec"),
    ("hand", "org kind key name deed at"),
    (
        "held",
        "org id status actor sender correlation_id events plan_hash revision verdict summary outcome created_at decided_at decided_by note attempt",
    ),
    ("held_event", "org event_id held_id"),
    ("meta", "version"),
    ("model", "org name definition"),
    ("org", "org revision created_at touched claimed"),
    ("tombstone", "org table_name column_name change_id actor dropped_at memory"),
];

/// PostgreSQL's functions, in the schema `hookwright`.
pub(in crate::db) const FUNCTIONS: &[&str] = &[
    "claim",
    "detect_after",
    "index_claim",
    "lease_claim",
    "own",
    "record",
    "settle",
    "step_claim",
    "touch",
    "undo_claim",
];
