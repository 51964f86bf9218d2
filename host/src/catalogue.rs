//! The one catalogue of troubles: code, HTTP status, whether trying again can help, title, what to do.
//!
//! Whoever reports a trouble names its code; the console, the HTTP problems and the docs derive from here.

/// One kind of trouble.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stable code: `area/what`.
    pub code: &'static str,
    /// The HTTP status it answers with.
    pub status: u16,
    /// Whether the same request may succeed later, without a change by the sender.
    pub retryable: bool,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What to do next, where the trouble itself does not say it better.
    pub help: &'static str,
}

macro_rules! catalogue {
    ($($code:literal $status:literal $retryable:ident $title:literal $help:literal)+) => {
        /// Every kind of trouble, sorted by code.
        pub static CATALOGUE: &[Entry] = &[$(Entry {
            code: $code, status: $status, retryable: catalogue!(@ $retryable), title: $title, help: $help,
        }),+];
    };
    (@ retry) => { true };
    (@ final) => { false };
}

catalogue! {
    "auth/forbidden"          403 final "token lacks a scope" "use a token with the scope named, or create one: hookwright token create"
    "auth/signature-invalid"  400 final "the headers of the signature cannot be read" "send webhook-id, webhook-timestamp and webhook-signature once each, as Standard Webhooks says; see docs/WEBHOOKS.md"
    "auth/signature-stale"    401 final "the request was not signed about now" "set the clock of the sender or of the host right; sign a message that is sent again anew, with the id it had"
    "auth/signature-wrong"    401 final "the signature is not right" "sign \"ID.TIMESTAMP.BODY\" with the secret of a key of the organisation in the path; list them: hookwright webhook list; see docs/WEBHOOKS.md"
    "auth/unauthenticated"    401 final "no valid token" "send \"Authorization: Bearer <token>\"; create one with: hookwright token create"
    "change/decided"          409 final "the held change is decided on already" "see what became of it: hookwright show --org NAME CHANGE"
    "change/guest-time"       422 final "one change takes more time of the plugins than the organisation has" "send fewer events at once, let the plugins do less, or raise \"quotas.guest_ms_per_minute\""
    "change/intents"          422 final "the plugins ask for too much in one change" "send fewer events at once, let the plugins ask for less, or raise sandbox.change_intents"
    "change/irreversible"     422 final "nothing undoes the change" "see what it did: hookwright show --org NAME CHANGE; undo by events what can be undone"
    "change/not-found"        404 final "no such change" "list the changes: hookwright history --org NAME"
    "change/overtaken"        409 final "what the change touched was changed since" "roll the later change back first"
    "change/under-way"        409 retry "another change of the table is under way" "send it again when that is done: hookwright show --org NAME CHANGE"
    "change/undone"           409 final "the change is rolled back already" "to have it again, roll back the change that rolled it back"
    "config/invalid"          422 final "configuration is not valid" "correct the key that is named"
    "control/damaged"         500 final "the control database is damaged" "whoever runs the host puts the file of \"control.database\" back from a backup"
    "control/disk-full"       503 retry "there is no room for the control database" "whoever runs the host frees space where the file of \"control.database\" is; then send the request again"
    "control/file-denied"     503 retry "the host may not read and write the control database" "whoever runs the host gives it the file of \"control.database\" and its directory; then send the request again"
    "control/file-io"         503 retry "the system cannot read or write the control database" "whoever runs the host sees the system's log; then send the request again"
    "control/gone"            500 final "the control database was deleted or replaced under the host" "whoever runs the host stops it, puts the file of \"control.database\" back where it was, and starts it"
    "control/locked"          503 retry "the control database is locked by another program" "send the request again a little later; if that goes on, whoever runs the host finds out who has the file"
    "db/blocked"              503 retry "a lock was not granted in time" "end the session that is named, or send the change again later"
    "db/bookkeeping"          500 final "the bookkeeping of the organisation cannot be read" "somebody changed it by hand, or what it is on is damaged; put it back from a backup (PostgreSQL: the schema hookwright, SQLite: the file), then: hookwright doctor --org NAME"
    "db/bookkeeping-changed"  409 final "the metadata or the model are not as the last change left them" "put back from a backup what was changed by hand; see what it is: hookwright doctor --org NAME"
    "db/circuit-open"         503 retry "the database is not tried for a while" "see that its server runs: hookwright doctor --org NAME; it is tried again by itself, after the time given"
    "db/constraint"           409 final "the rows do not allow the change" "correct the rows, then send the change again; a dry run of it counts them and names some"
    "db/denied"               403 final "the database refuses a privilege" "grant it as shown, then run: hookwright doctor --org NAME"
    "db/disk-full"            503 retry "there is no room for the database" "free space where it is, then send the request again"
    "db/drifted"              409 final "the database is not what the model says" "see what differs: hookwright drift --org NAME; repair it: hookwright sync --org NAME; then send the event again"
    "db/failed"               502 final "the database refused a statement" "see the message of the database; nothing was changed"
    "db/file-damaged"         500 final "the file of the database is damaged" "restore it from a backup: hookwright doctor --org NAME says more"
    "db/file-denied"          503 retry "the host may not read and write the file of the database" "give it to the user that the host runs as: hookwright doctor --org NAME says more"
    "db/file-io"              503 retry "the system cannot read or write the file of the database" "see the system's log: hookwright doctor --org NAME says more"
    "db/history-gone"         409 final "the database has no history of the organisation" "restore it from a backup, or say where it is: hookwright org update NAME --database URL"
    "db/in-the-way"           409 final "something that Hookwright did not make depends on what is changed" "drop what is named, send the event again, then make it anew to fit"
    "db/ledger-changed"       409 final "the ledger of the organisation is not whole" "put back from a backup what was taken out by hand; see what it is: hookwright doctor --org NAME"
    "db/name-taken"           409 final "something else has the name of what the change makes" "give what has the name another one, or drop it, by hand, then send the event again; a table, index, sequence, view or type may have it: hookwright drift --org NAME shows what is on the organisation's tables"
    "db/newer"                409 final "a newer host has used this database" "update this host to at least the version of the other one"
    "db/no-schema"            409 final "the organisation's schema is gone" "give it its name back, or restore it from a backup: hookwright doctor --org NAME"
    "db/other-history"        409 final "the database has another history than the host knows" "put back what was there; or start the host anew, to go on from what is there now"
    "db/schemas-exchanged"    409 final "the organisation's schema is that of another one" "give the schemas their names back: hookwright doctor --org NAME"
    "db/unknown-outcome"      503 retry "it is not known whether the change was committed" "send the same event again: the ledger answers what happened"
    "db/unreachable"          503 retry "the database does not answer" "check the address and that the server runs: hookwright doctor --org NAME"
    "db/would-be-lost"        409 final "a table has to be made anew, and something of it would be lost" "take away by hand what is named, or take the table into the metadata as it is: hookwright adopt --org NAME; then send the event again"
    "drift/no-room"           409 final "nothing can be repaired before somebody makes room" "do what the finding says: hookwright drift --org NAME"
    "drift/not-adopted"       422 final "the metadata cannot say what the database has" "repair it instead: hookwright sync --org NAME"
    "drift/not-alone"         409 final "it is repaired only together with something else" "repair it all: hookwright sync --org NAME"
    "drift/not-found"         404 final "no such finding" "list them: hookwright drift --org NAME"
    "drift/not-ignorable"     422 final "the finding cannot be left as it is" "repair it: hookwright sync --org NAME"
    "drift/not-repaired"      422 final "nothing of what differs can be repaired" "follow the reasons; see what differs: hookwright drift --org NAME"
    "event/id-reused"         409 final "the event id was used for another event" "give a new event an id of its own"
    "event/invalid"           400 final "the event is not valid" "correct what the pointer shows"
    "event/moved"             503 retry "the organisation changed while the event was worked out" "send the event again"
    "event/too-large"         413 final "the request is too large" "send fewer events or fields at a time"
    "host/fault"              500 retry "the host failed" "see the host's log for the request id"
    "host/overloaded"         503 retry "the host has no room for another call" "send the request again after the time given"
    "host/stopping"           503 retry "the host is stopping" "send the request again, to another host or a little later"
    "host/timeout"            503 retry "the request took too long" "send the same event again: the ledger answers what happened; if it takes as long each time, send fewer events at once, or raise \"http.request_timeout_ms\""
    "intent/invalid"          422 final "an intent does not fit the schema" "correct the event, or the plugin that asked for it"
    "metadata/conflict"       409 final "the metadata does not allow the event" "choose another name, or change what is there"
    "metadata/not-found"      404 final "no such entity or field" "list the entities: hookwright inspect --org NAME; see what was done with them: hookwright history --org NAME, hookwright restore --list --org NAME"
    "org/exists"              409 final "the organisation exists already" "choose another name, or remove it first"
    "org/guest-calls"         503 retry "too many plugin calls of the organisation are under way" "send the request again after the time given; see what is used: GET /v1/orgs/{org}/health"
    "org/guest-time"          429 retry "the organisation's plugins have used up their time" "send the request again after the time given; let the plugins do less, or raise \"quotas.guest_ms_per_minute\""
    "org/not-found"           404 final "no such organisation" "list them: hookwright org list"
    "org/overloaded"          503 retry "the organisation has too much under way" "send the request again after the time given; see what takes so long: GET /v1/orgs/{org}/health"
    "org/plugins"             409 final "the organisation's plugins take up what they may" "remove one that is not needed: hookwright plugin remove --org NAME PLUGIN; or raise the limit"
    "org/uploads"             429 retry "too many components were uploaded for the organisation" "upload it again after the time given, or raise the limit"
    "plan/invalid"            400 final "the file is no plan" "make one: hookwright plan --org NAME --out FILE"
    "plugin/fault"            422 final "a plugin broke" "see the plugin's log and correct the plugin; or do without it: hookwright plugin disable --org NAME PLUGIN"
    "plugin/invalid"          422 final "the component cannot be used as a plugin" "build it with: hookwright plugin build PATH"
    "plugin/key-not-found"    404 final "the organisation has no such key for plugins" "list them: hookwright plugin key list --org NAME"
    "plugin/not-found"        404 final "no such plugin" "list them: hookwright plugin list --org NAME"
    "plugin/not-granted"      403 final "a plugin asks for what it was not granted" "grant it: hookwright plugin grant --org NAME PLUGIN \"KIND on PATTERN\""
    "plugin/rejected"         422 final "a plugin refused the change" "follow what the plugin says"
    "plugin/returned"         503 retry "a new build of a plugin broke at once, and the one before is bound again" "send the request again; see what broke: hookwright plugin list --org NAME"
    "plugin/suspended"        503 retry "a plugin broke again and again and is not called for a while" "correct the plugin and install it again, or do without it: hookwright plugin disable --org NAME PLUGIN"
    "plugin/unsigned"         403 final "the plugin is not signed as the organisation asks" "have it signed (hookwright plugin sign FILE --key KEY) and install it again; or take the key, if it can be trusted: hookwright plugin key add --org NAME"
    "policy/held"             409 final "the change is held" "follow the reasons; once they are settled: hookwright approve --org NAME CHANGE"
    "policy/refused"          422 final "the change is refused" "follow the reasons"
    "rate/sender"             429 retry "the sender sends too many requests" "send the request again after the time given; or raise \"rate.per_s\" and \"rate.burst\""
    "rate/unauthenticated"    429 retry "too many requests without a valid credential" "send a token or signature that is right, after the time given"
    "request/invalid"         400 final "the request is not valid" "correct what the message names"
    "request/method-not-allowed" 405 final "this path does not take this method" "use a method that the header \"Allow\" names; see /openapi.json"
    "request/not-found"       404 final "no such page" "see /openapi.json"
    "request/unsupported-media" 415 final "the body's media type is not taken" "send the header \"Content-Type: application/json\""
    "rows/unreadable"         500 final "a part of a table cannot be read" "restore it from a backup; see which it is: hookwright doctor --org NAME --contents"
    "tls/invalid"             422 final "certificate or key cannot be used" "write the certificate with its chain, and its private key, in PEM to the files that \"tls.certificate\" and \"tls.key\" name"
    "token/not-found"         404 final "no such token" "list them: hookwright token list"
    "webhook/not-found"       404 final "no such key of a webhook" "list them: hookwright webhook list"
    "webhook/too-many"        409 final "the organisation has all the keys of webhooks it can have" "revoke one that no sender uses any more: hookwright webhook revoke ID"
}

/// The kind of a trouble with a database: its own, or that it cannot be used.
pub(crate) fn of_database(code: &str) -> &'static str {
    entry(code).map_or("db/unreachable", |entry| entry.code)
}

/// The entry of a code.
#[must_use]
pub fn entry(code: &str) -> Option<&'static Entry> {
    CATALOGUE.binary_search_by(|e| e.code.cmp(code)).ok().map(|i| &CATALOGUE[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_distinct() {
        assert!(CATALOGUE.is_sorted_by(|a, b| a.code < b.code));
    }
}
