//! What hands do to a database.

use super::deed::Sqlite::{Not, Remake, Sql};
use super::deed::{Deed, deed, losing};
use super::more_hands::MORE;

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Deed> {
    DEEDS.iter().chain(MORE)
}

/// A deed by its name.
pub fn named(name: &str) -> &'static Deed {
    all().find(|deed| deed.name == name).unwrap_or_else(|| panic!("no deed is called \"{name}\""))
}

const DEEDS: &[Deed] = &[
    losing(
        "a column dropped",
        "ALTER TABLE invoice DROP note",
        Sql("ALTER TABLE invoice DROP COLUMN note"),
        &["drift/missing-column invoice.note"],
    ),
    deed(
        "a column renamed",
        "ALTER TABLE invoice RENAME note TO remark",
        Sql("ALTER TABLE invoice RENAME COLUMN note TO remark"),
        &["drift/renamed-column invoice.note"],
    ),
    deed(
        "two columns renamed",
        "ALTER TABLE invoice RENAME note TO remark; ALTER TABLE invoice RENAME tag TO label",
        Sql(
            "ALTER TABLE invoice RENAME COLUMN note TO remark; ALTER TABLE invoice RENAME COLUMN tag TO label",
        ),
        &["drift/renamed-column invoice.note", "drift/renamed-column invoice.tag"],
    ),
    deed(
        "a column added",
        "ALTER TABLE invoice ADD extra int",
        Sql("ALTER TABLE invoice ADD extra INTEGER CHECK (extra BETWEEN -2147483648 AND 2147483647)"),
        &["drift/extra-column invoice.extra"],
    ),
    losing(
        "a table dropped",
        "DROP TABLE account CASCADE; UPDATE invoice SET account = NULL",
        Not,
        &["drift/missing-table account", "drift/missing-foreign-key invoice.account"],
    ),
    losing(
        "a table dropped, and the references to it left",
        "",
        Sql("PRAGMA foreign_keys = OFF; DROP TABLE account; UPDATE invoice SET account = NULL"),
        &["drift/missing-table account"],
    ),
    deed(
        "a table renamed",
        "ALTER TABLE invoice RENAME TO bill",
        Sql("ALTER TABLE invoice RENAME TO bill"),
        &["drift/renamed-table invoice"],
    ),
    deed(
        "a table that is referred to renamed",
        "ALTER TABLE account RENAME TO client",
        Sql("ALTER TABLE account RENAME TO client"),
        &["drift/renamed-table account"],
    ),
    deed(
        "a table and a column of it renamed",
        "ALTER TABLE invoice RENAME note TO remark; ALTER TABLE invoice RENAME TO bill",
        Sql("ALTER TABLE invoice RENAME COLUMN note TO remark; ALTER TABLE invoice RENAME TO bill"),
        &["drift/renamed-table invoice", "drift/renamed-column invoice.note"],
    ),
    deed(
        "two columns that changed places",
        "ALTER TABLE invoice RENAME note TO way; ALTER TABLE invoice RENAME tag TO note; ALTER TABLE invoice RENAME way TO tag",
        Sql(
            "ALTER TABLE invoice RENAME COLUMN note TO way; ALTER TABLE invoice RENAME COLUMN tag TO note; ALTER TABLE invoice RENAME COLUMN way TO tag",
        ),
        &["drift/renamed-column invoice.note", "drift/renamed-column invoice.tag"],
    ),
    deed(
        "columns that have each other's names in turn",
        "ALTER TABLE invoice RENAME note TO note2; ALTER TABLE invoice RENAME tag TO note",
        Sql("ALTER TABLE invoice RENAME COLUMN note TO note2; ALTER TABLE invoice RENAME COLUMN tag TO note"),
        &["drift/renamed-column invoice.note", "drift/renamed-column invoice.tag"],
    ),
    deed(
        "three columns that changed places",
        "ALTER TABLE invoice RENAME note TO way; ALTER TABLE invoice RENAME tag TO note; ALTER TABLE invoice RENAME no TO tag; ALTER TABLE invoice RENAME way TO no",
        Sql(
            "ALTER TABLE invoice RENAME COLUMN note TO way; ALTER TABLE invoice RENAME COLUMN tag TO note; ALTER TABLE invoice RENAME COLUMN no TO tag; ALTER TABLE invoice RENAME COLUMN way TO no",
        ),
        &[
            "drift/renamed-column invoice.no",
            "drift/renamed-column invoice.note",
            "drift/renamed-column invoice.tag",
        ],
    ),
    deed(
        "a column of chosen values renamed",
        "ALTER TABLE invoice RENAME status TO stage",
        Sql("ALTER TABLE invoice RENAME COLUMN status TO stage"),
        &["drift/renamed-column invoice.status"],
    ),
    deed(
        "a wider number",
        "ALTER TABLE invoice ALTER no TYPE bigint",
        Remake("invoice", &[(" CHECK (\"no\" BETWEEN -2147483648 AND 2147483647)", "")]),
        &["drift/type invoice.no"],
    ),
    deed("a narrower number", "ALTER TABLE invoice ALTER no TYPE smallint", Not, &["drift/type invoice.no"]),
    deed(
        "a number without bounds",
        "ALTER TABLE invoice ALTER amount TYPE numeric",
        Not,
        &["drift/type invoice.amount"],
    ),
    deed(
        "more decimals",
        "ALTER TABLE invoice ALTER amount TYPE numeric(14,4)",
        Not,
        &["drift/type invoice.amount"],
    ),
    deed(
        "a text without bounds",
        "ALTER TABLE account ALTER name TYPE text",
        Remake("account", &[(" CHECK (length(\"name\") <= 80)", "")]),
        &["drift/type account.name"],
    ),
    deed(
        "a longer text",
        "ALTER TABLE account ALTER name TYPE varchar(200)",
        Remake("account", &[("<= 80", "<= 200")]),
        &["drift/type account.name"],
    ),
    deed(
        "a shorter text",
        "ALTER TABLE account ALTER name TYPE varchar(40)",
        Remake("account", &[("<= 80", "<= 40")]),
        &["drift/type account.name"],
    ),
    deed(
        "a length in other words",
        "",
        Remake("account", &[("length(\"name\") <= 80", "length(\"name\") < 81")]),
        &[],
    ),
    deed(
        "a table that is its key",
        "",
        Remake("account", &[("PRIMARY KEY (\"id\"))", "PRIMARY KEY (\"id\")) WITHOUT ROWID")]),
        &[],
    ),
    deed(
        "a text of the other kind",
        "ALTER TABLE account ALTER name TYPE varchar",
        Not,
        &["drift/type account.name"],
    ),
    deed(
        "an instant without a zone",
        "SET timezone = 'UTC'; ALTER TABLE invoice ALTER at TYPE timestamp",
        Not,
        &["drift/type invoice.at"],
    ),
    deed(
        "an instant of milliseconds",
        "ALTER TABLE invoice ALTER at TYPE timestamptz(3)",
        Not,
        &["drift/type invoice.at"],
    ),
    deed("a number as text", "ALTER TABLE invoice ALTER no TYPE text", Not, &["drift/type invoice.no"]),
    deed(
        "required no more",
        "ALTER TABLE account ALTER name DROP NOT NULL",
        Remake("account", &[("\"name\" TEXT NOT NULL", "\"name\" TEXT")]),
        &["drift/nullability account.name"],
    ),
    deed(
        "required now",
        "ALTER TABLE invoice ALTER note SET NOT NULL",
        Remake("invoice", &[("\"note\" TEXT", "\"note\" TEXT NOT NULL")]),
        &["drift/nullability invoice.note"],
    ),
    deed(
        "a default gone",
        "ALTER TABLE invoice ALTER status DROP DEFAULT",
        Remake("invoice", &[(" DEFAULT 'draft'", "")]),
        &["drift/default invoice.status"],
    ),
    deed(
        "another default",
        "ALTER TABLE invoice ALTER status SET DEFAULT 'sent'",
        Remake("invoice", &[(" DEFAULT 'draft'", " DEFAULT 'sent'")]),
        &["drift/default invoice.status"],
    ),
    deed(
        "a default that came",
        "ALTER TABLE invoice ALTER note SET DEFAULT 'x'",
        Remake("invoice", &[("\"note\" TEXT", "\"note\" TEXT DEFAULT 'x'")]),
        &["drift/default invoice.note"],
    ),
    deed(
        "a default of theirs",
        "ALTER TABLE invoice ALTER note SET DEFAULT md5(random()::text)",
        Not,
        &["drift/default invoice.note"],
    ),
    deed(
        "a unique constraint gone",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_no_key",
        Sql("DROP INDEX invoice_no_key"),
        &["drift/missing-unique invoice.no"],
    ),
    deed(
        "a unique constraint renamed",
        "ALTER TABLE invoice RENAME CONSTRAINT invoice_no_key TO mine",
        Not,
        &["drift/renamed-unique invoice.no"],
    ),
    deed(
        "a unique constraint that is checked late",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_no_key; ALTER TABLE invoice ADD CONSTRAINT invoice_no_key UNIQUE (no) DEFERRABLE INITIALLY DEFERRED",
        Not,
        &["drift/unique invoice.no"],
    ),
    deed(
        "a unique constraint that takes one NULL",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_no_key; ALTER TABLE invoice ADD CONSTRAINT invoice_no_key UNIQUE NULLS NOT DISTINCT (no)",
        Not,
        &["drift/unique invoice.no"],
    ),
    deed(
        "a unique index where a constraint was",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_no_key; CREATE UNIQUE INDEX invoice_no_key ON invoice (no)",
        Not,
        &["drift/unique invoice.no"],
    ),
    deed(
        "a primary key renamed",
        "ALTER TABLE invoice RENAME CONSTRAINT invoice_pkey TO mine",
        Not,
        &["drift/renamed-primary-key invoice"],
    ),
    deed(
        "a primary key that is checked late",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_pkey; ALTER TABLE invoice ADD PRIMARY KEY (id) DEFERRABLE",
        Not,
        &["drift/primary-key invoice"],
    ),
    deed(
        "an index renamed",
        "ALTER INDEX invoice_tag_idx RENAME TO mine",
        Sql("DROP INDEX invoice_tag_idx; CREATE INDEX mine ON invoice (tag)"),
        &["drift/renamed-index invoice (btree (tag))"],
    ),
    deed(
        "a foreign key renamed",
        "ALTER TABLE invoice RENAME CONSTRAINT invoice_account_fkey TO mine",
        Remake("invoice", &[("invoice_account_fkey", "mine")]),
        &["drift/renamed-foreign-key invoice.account"],
    ),
    deed(
        "numbers counted by the database",
        "ALTER TABLE account ADD no bigint GENERATED BY DEFAULT AS IDENTITY",
        Not,
        &["drift/extra-column account.no"],
    ),
    deed(
        "a unique constraint of theirs",
        "ALTER TABLE account ADD CONSTRAINT mine UNIQUE (name)",
        Not,
        &["drift/extra-unique account.name"],
    ),
    deed(
        "a unique index of theirs",
        "CREATE UNIQUE INDEX mine ON account (name)",
        Sql("CREATE UNIQUE INDEX mine ON account (name)"),
        &["drift/extra-index account (unique btree (name))"],
    ),
    deed(
        "a foreign key gone",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey",
        Not,
        &["drift/missing-foreign-key invoice.account"],
    ),
    deed(
        "a foreign key that does something else",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE CASCADE",
        Remake("invoice", &[("ON DELETE SET NULL", "ON DELETE CASCADE")]),
        &["drift/foreign-key invoice.account"],
    ),
    deed(
        "a foreign key that is not validated",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL NOT VALID",
        Not,
        &["drift/unvalidated-foreign-key invoice.account"],
    ),
    deed(
        "a foreign key that follows updates",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE",
        Remake(
            "invoice",
            &[("ON DELETE SET NULL", "ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED")],
        ),
        &["drift/foreign-key invoice.account"],
    ),
    deed(
        "a primary key gone",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_pkey",
        Remake("invoice", &[(", PRIMARY KEY (\"id\")", "")]),
        &["drift/missing-primary-key invoice"],
    ),
    deed(
        "another primary key",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_pkey; ALTER TABLE invoice ADD PRIMARY KEY (id, no)",
        Remake(
            "invoice",
            &[
                ("PRIMARY KEY (\"id\")", "PRIMARY KEY (\"id\", \"no\")"),
                ("\"no\" INTEGER", "\"no\" INTEGER NOT NULL"),
            ],
        ),
        &["drift/nullability invoice.no", "drift/primary-key invoice"],
    ),
    deed(
        "an index gone",
        "DROP INDEX invoice_tag_idx",
        Sql("DROP INDEX invoice_tag_idx"),
        &["drift/missing-index invoice (btree (tag))"],
    ),
    deed(
        "an index that is not valid",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'invoice_tag_idx'::regclass",
        Not,
        &["drift/invalid-index invoice (btree (tag))"],
    ),
    deed(
        "an index of theirs",
        "CREATE INDEX mine ON invoice (lower(note)) WHERE no > 3",
        Sql("CREATE INDEX mine ON invoice (lower(note)) WHERE no > 3"),
        &["drift/extra-index invoice (btree (lower(\"note\")) where (\"no\" > 3))"],
    ),
    deed(
        "a check of theirs",
        "ALTER TABLE invoice ADD CONSTRAINT mine CHECK (no > 0)",
        Not,
        &["drift/extra-check invoice (mine)"],
    ),
    deed(
        "the check of an Enum gone",
        "ALTER TABLE invoice DROP CONSTRAINT status_values",
        Not,
        &["drift/type invoice.status"],
    ),
    deed(
        "the check of an Enum renamed",
        "ALTER TABLE invoice RENAME CONSTRAINT status_values TO mine",
        Not,
        &["drift/renamed-check invoice (status_values)"],
    ),
    deed(
        "more values of an Enum",
        "ALTER TABLE invoice DROP CONSTRAINT status_values; ALTER TABLE invoice ADD CONSTRAINT status_values CHECK (status IN ('draft', 'sent', 'paid', 'lost'))",
        Remake("invoice", &[("'sent', 'paid'", "'sent', 'paid', 'lost'")]),
        &["drift/type invoice.status"],
    ),
    deed(
        "fewer values of an Enum",
        "ALTER TABLE invoice DROP CONSTRAINT status_values; ALTER TABLE invoice ADD CONSTRAINT status_values CHECK (status IN ('draft', 'sent'))",
        Remake("invoice", &[("'sent', 'paid'", "'sent'")]),
        &["drift/type invoice.status"],
    ),
    deed(
        "a view and a trigger",
        "CREATE VIEW mine AS SELECT id, note FROM invoice",
        Sql(
            "CREATE VIEW mine AS SELECT id, note FROM invoice; CREATE TRIGGER mine2 AFTER INSERT ON invoice BEGIN DELETE FROM account WHERE name = 'never'; END",
        ),
        &[],
    ),
    deed("a table of theirs", "CREATE TABLE theirs (x int)", Sql("CREATE TABLE theirs (x int)"), &[]),
    deed(
        "many things at once",
        "ALTER TABLE invoice RENAME note TO remark; ALTER TABLE invoice ALTER no TYPE bigint; ALTER TABLE invoice ALTER status DROP DEFAULT; ALTER TABLE account ALTER name DROP NOT NULL; DROP INDEX invoice_tag_idx; ALTER TABLE invoice ADD mine int",
        Not,
        &[
            "drift/default invoice.status",
            "drift/extra-column invoice.mine",
            "drift/missing-index invoice (btree (tag))",
            "drift/nullability account.name",
            "drift/renamed-column invoice.note",
            "drift/type invoice.no",
        ],
    ),
];
