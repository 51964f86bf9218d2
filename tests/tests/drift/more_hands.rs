//! What hands do to a database: what PostgreSQL alone knows of tables, columns and constraints.

use super::deed::Sqlite::{Not, Remake};
use super::deed::{Deed, deed};

pub const MORE: &[Deed] = &[
    deed("another note on a table", "COMMENT ON TABLE invoice IS 'mine'", Not, &["drift/comment invoice"]),
    deed(
        "no note on a column",
        "COMMENT ON COLUMN invoice.note IS NULL",
        Not,
        &["drift/comment invoice.note"],
    ),
    deed(
        "another collation",
        "ALTER TABLE account ALTER name TYPE varchar(80) COLLATE \"POSIX\"",
        Remake("account", &[("\"name\" TEXT", "\"name\" TEXT COLLATE NOCASE")]),
        &["drift/type account.name"],
    ),
    deed(
        "another name and another type",
        "ALTER TABLE invoice RENAME tag TO label; ALTER TABLE invoice ALTER label TYPE text",
        Not,
        &["drift/renamed-column invoice.tag", "drift/type invoice.tag"],
    ),
    deed(
        "another name and another type of a unique one",
        "ALTER TABLE invoice RENAME no TO number; ALTER TABLE invoice ALTER number TYPE bigint",
        Not,
        &["drift/renamed-column invoice.no", "drift/type invoice.no"],
    ),
    deed(
        "another type under the check of a length",
        "",
        Remake("invoice", &[("\"tag\" TEXT", "\"tag\" NUMERIC")]),
        &["drift/type invoice.tag"],
    ),
    deed(
        "a collation beside another type",
        "ALTER TABLE account ALTER name TYPE text COLLATE \"POSIX\"",
        Not,
        &["drift/type account.name"],
    ),
    deed(
        "another collation of an Enum",
        "ALTER TABLE invoice ALTER status TYPE text COLLATE \"POSIX\"",
        Not,
        &["drift/type invoice.status"],
    ),
    deed(
        "the check of an Enum that is not validated",
        "ALTER TABLE invoice DROP CONSTRAINT status_values; ALTER TABLE invoice ADD CONSTRAINT status_values CHECK (status IN ('draft', 'sent', 'paid')) NOT VALID",
        Not,
        &["drift/unvalidated-type invoice.status"],
    ),
    deed(
        "the check of an Enum that tables below do not have",
        "ALTER TABLE invoice DROP CONSTRAINT status_values; ALTER TABLE invoice ADD CONSTRAINT status_values CHECK (status IN ('draft', 'sent', 'paid')) NO INHERIT",
        Not,
        &["drift/type invoice.status"],
    ),
    deed(
        "a table whose rows a crash takes",
        "ALTER TABLE invoice SET UNLOGGED",
        Not,
        &["drift/unlogged-table invoice"],
    ),
    deed(
        "two tables whose rows a crash takes",
        "ALTER TABLE invoice SET UNLOGGED; ALTER TABLE account SET UNLOGGED",
        Not,
        &["drift/unlogged-table account", "drift/unlogged-table invoice"],
    ),
    deed(
        "rows that exclude one another",
        "ALTER TABLE account ADD CONSTRAINT mine EXCLUDE USING btree (name WITH =)",
        Not,
        &["drift/extra-constraint account (mine)"],
    ),
    deed(
        "a check that the model cannot say",
        "ALTER TABLE account ADD CONSTRAINT mine CHECK (name IS NORMALIZED)",
        Not,
        &["drift/extra-constraint account (mine)"],
    ),
    deed(
        "a second foreign key",
        "ALTER TABLE invoice ADD CONSTRAINT a_second FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL",
        Remake(
            "invoice",
            &[(
                "PRIMARY KEY (\"id\")",
                "PRIMARY KEY (\"id\"), CONSTRAINT a_second FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL",
            )],
        ),
        &["drift/extra-foreign-key invoice (a_second)"],
    ),
    deed(
        "a second foreign key beside a first that does something else",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; ALTER TABLE invoice ADD CONSTRAINT a_second FOREIGN KEY (account) REFERENCES account (id); ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE CASCADE",
        Not,
        &["drift/extra-foreign-key invoice (a_second)", "drift/foreign-key invoice.account"],
    ),
    deed(
        "a foreign key that refuses updates",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL ON UPDATE RESTRICT",
        Remake("invoice", &[("ON DELETE SET NULL", "ON DELETE SET NULL ON UPDATE RESTRICT")]),
        &["drift/foreign-key invoice.account"],
    ),
    deed(
        "a foreign key that empties what refers to what is updated",
        "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL ON UPDATE SET NULL",
        Remake("invoice", &[("ON DELETE SET NULL", "ON DELETE SET NULL ON UPDATE SET NULL")]),
        &["drift/foreign-key invoice.account"],
    ),
    deed(
        "columns with names that no field has",
        "ALTER TABLE invoice ADD \"Note 2\" text, ADD \"2nd\" int, ADD \"UPPER\" int",
        Not,
        &[
            "drift/extra-column invoice.2nd",
            "drift/extra-column invoice.Note 2",
            "drift/extra-column invoice.UPPER",
        ],
    ),
    deed(
        "an index that the model cannot say",
        "CREATE UNIQUE INDEX mine ON account (name DESC)",
        Not,
        &["drift/extra-index account (mine)"],
    ),
];
