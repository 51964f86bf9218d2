//! Changes of large tables on PostgreSQL: made in steps beside the table's users, gone on with after a crash, taken
//! back if a step fails. To the policy of these tests a table is large as soon as it has rows.

#![allow(clippy::unwrap_used)]

mod bench;
mod broken;
mod cancelled;
mod change;
mod debris;
mod dependents;
mod failing;
mod killed;
mod patient;
mod patterns;
mod repaired;
