//! What is in and around the tables, and the changes that make them anew.

use serde_json::{Value as Json, json};

/// Something of others, in or around the table.
pub struct Extra {
    pub name: &'static str,
    pub sql: &'static str,
}

/// A change that `ALTER TABLE` cannot make, and the columns whose values it changes.
pub struct Change {
    pub name: &'static str,
    pub intents: fn() -> Vec<Json>,
    pub changes: &'static [&'static str],
    /// What the table is called then.
    pub table: &'static str,
    /// What columns are called then.
    pub renamed: &'static [(&'static str, &'static str)],
}

pub const EXTRAS: &[Extra] = &[
    Extra { name: "nothing", sql: "" },
    Extra {
        name: "triggers on the table",
        sql: "CREATE TRIGGER a1 AFTER INSERT ON t BEGIN INSERT INTO seen VALUES ('in ' || NEW.id); END;
            CREATE TRIGGER a2 BEFORE UPDATE OF word ON t WHEN NEW.word <> OLD.word BEGIN INSERT INTO seen VALUES ('up ' || OLD.id); END;
            CREATE TRIGGER a3 AFTER DELETE ON t BEGIN INSERT INTO seen VALUES ('out ' || OLD.id); UPDATE t SET big = 0 WHERE id = 'never'; END;
            CREATE TRIGGER a4 BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'kept') WHERE OLD.id = 'never'; END",
    },
    Extra {
        name: "triggers on others that name the table",
        sql: "CREATE TRIGGER b1 AFTER INSERT ON seen BEGIN UPDATE t SET big = big + 1 WHERE id = NEW.what; DELETE FROM t WHERE id = 'never'; END;
            CREATE TRIGGER b2 AFTER DELETE ON parent BEGIN INSERT INTO t (id, word) SELECT 'n' || OLD.id, 'w' WHERE 1 = 0; END",
    },
    Extra {
        name: "views of views, and triggers on them",
        sql: "CREATE VIEW v1 AS SELECT id, word, big AS number FROM t WHERE word IS NOT NULL;
            CREATE VIEW v2 (k, n) AS WITH x AS (SELECT id, number FROM v1) SELECT x.id, count(*) FROM x JOIN t ON t.id = x.id GROUP BY x.id;
            CREATE TRIGGER v1in INSTEAD OF INSERT ON v1 BEGIN INSERT INTO t (id, word, big) VALUES (NEW.id, NEW.word, NEW.number); END;
            CREATE TRIGGER v1up INSTEAD OF UPDATE ON v1 BEGIN UPDATE t SET big = NEW.number WHERE id = OLD.id; END",
    },
    Extra {
        name: "indexes of every kind",
        sql: "CREATE INDEX i1 ON t (word DESC, big); CREATE INDEX i2 ON t (lower(word)) WHERE big > 0;
            CREATE UNIQUE INDEX i3 ON t (id COLLATE NOCASE); CREATE INDEX i4 ON t (length(word), big + 1) WHERE word IS NOT NULL AND ratio > 0.5",
    },
    Extra {
        name: "tables of others that refer to it",
        sql: "CREATE TABLE o1 (x TEXT REFERENCES t (id) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED); INSERT INTO o1 SELECT id FROM t;
            CREATE TABLE o2 (a TEXT, b TEXT, FOREIGN KEY (a, b) REFERENCES t (id, word) ON DELETE SET NULL); CREATE UNIQUE INDEX o2key ON t (id, word); INSERT INTO o2 SELECT id, word FROM t WHERE word IS NOT NULL;
            CREATE TABLE o3 (x TEXT DEFAULT 'f' PRIMARY KEY REFERENCES t ON DELETE SET DEFAULT) WITHOUT ROWID; INSERT INTO o3 VALUES ('a');
            CREATE TABLE o4 (n INTEGER PRIMARY KEY AUTOINCREMENT, x ANY REFERENCES t (id)) STRICT; INSERT INTO o4 (x) SELECT id FROM t WHERE id NOT IN ('a', 'b'); DELETE FROM o4 WHERE n > 3",
    },
    Extra {
        name: "rows that refer to nothing already",
        sql: "PRAGMA foreign_keys = OFF; INSERT INTO child (id, t) VALUES (77, 'nobody'); INSERT INTO t (id, word, parent, flag) VALUES ('lost', 'w', 12345, 1); PRAGMA foreign_keys = ON",
    },
    Extra { name: "a search index over its rowids", sql: "CREATE VIRTUAL TABLE found USING fts5(word, content='t', content_rowid='rowid'); INSERT INTO found (found) VALUES ('rebuild')" },
];

pub const CHANGES: &[Change] = &[
    Change {
        name: "required",
        intents: || vec![on("set-not-null", json!({"column": "flag"}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "not required",
        intents: || vec![on("drop-not-null", json!({"column": "must"}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "longer",
        intents: || vec![on("change-type", json!({"column": "word", "ty": {"type": "Text"}}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "another default",
        intents: || vec![on("set-default", json!({"column": "must", "value": {"text": "other"}}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "no default",
        intents: || vec![on("drop-default", json!({"column": "must"}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "a check",
        intents: || vec![on("add-check", json!({"name": "new", "expression": "length(id) > 0"}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "no check",
        intents: || vec![on("drop-check", json!({"name": "some"}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "no reference",
        intents: || vec![on("drop-foreign-key", json!({"columns": ["parent"]}))],
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "a reference to itself",
        intents: || {
            vec![on(
                "add-foreign-key",
                json!({"columns": ["own"], "to": "t", "target": ["id"], "onDelete": "CASCADE"}),
            )]
        },
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "a computed column",
        intents: || {
            vec![on(
                "add-column",
                json!({"column": {"name": "twice", "ty": {"type": "Text"}, "nullable": true, "generated": "id || id"}}),
            )]
        },
        changes: &[],
        table: "t",
        renamed: &[],
    },
    Change {
        name: "other names, too",
        intents: || {
            vec![
                on("rename-column", json!({"column": "word", "to": "text"})),
                on("rename-table", json!({"to": "thing"})),
                json!({"intent": "drop-not-null", "table": "thing", "column": "must"}),
            ]
        },
        changes: &[],
        table: "thing",
        renamed: &[("word", "text")],
    },
    Change {
        name: "names that change places",
        intents: || {
            vec![
                on("rename-column", json!({"column": "flag", "to": "passing"})),
                on("rename-column", json!({"column": "own", "to": "flag"})),
                on("rename-column", json!({"column": "passing", "to": "own"})),
                on("drop-not-null", json!({"column": "must"})),
            ]
        },
        changes: &[],
        table: "t",
        renamed: &[("flag", "own"), ("own", "flag")],
    },
    Change {
        name: "a column goes, and its reference",
        intents: || vec![on("drop-column", json!({"column": "parent"}))],
        changes: &[],
        table: "t",
        renamed: &[("parent", "hookwright_dropped_1_parent")],
    },
    Change {
        name: "a number becomes a text",
        intents: || vec![on("change-type", json!({"column": "small", "ty": {"type": "Text"}}))],
        changes: &["small"],
        table: "t",
        renamed: &[],
    },
];

/// What SQLite itself cannot do: a view's trigger names a column that the view then calls otherwise.
pub const IMPOSSIBLE: &[(&str, &str)] = &[("views of views, and triggers on them", "other names, too")];

/// What SQLite has and the model has not, in the table's own definition.
pub const REFUSED: &[(&str, &str, &str)] = &[
    ("a key of another type, AUTOINCREMENT", "id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT", ")"),
    (
        "a check without a name",
        "id TEXT NOT NULL, word TEXT, PRIMARY KEY (id), CHECK (length(word) < 1000)",
        ")",
    ),
    (
        "a constraint that is deferred",
        "id TEXT NOT NULL, word TEXT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY (id)",
        ")",
    ),
    (
        "ON UPDATE CASCADE",
        "id TEXT NOT NULL, word TEXT REFERENCES parent (id) ON UPDATE CASCADE, PRIMARY KEY (id)",
        ")",
    ),
    ("ON CONFLICT", "id TEXT NOT NULL, word TEXT UNIQUE ON CONFLICT REPLACE, PRIMARY KEY (id)", ")"),
    (
        "another column that is a key",
        "id TEXT NOT NULL, word TEXT, theirs TEXT UNIQUE, PRIMARY KEY (id)",
        ")",
    ),
];

/// Columns that SQLite has and the model has no word for, each by its definition: they are taken along.
pub const CARRIED: &[(&str, &str)] = &[
    ("COLLATE", "word TEXT COLLATE NOCASE"),
    ("a default that is computed", "word TEXT DEFAULT (lower(hex(randomblob(4))))"),
    ("a virtual column", "word TEXT, more TEXT AS (word || 'x')"),
    ("a stored column", "word TEXT, more TEXT GENERATED ALWAYS AS (id || 'x') STORED NOT NULL"),
    ("another column", "word TEXT, theirs TEXT"),
    ("a column of no type", "word TEXT, theirs DEFAULT 7"),
    ("a column with a comment", "word TEXT, theirs datetime NOT NULL DEFAULT CURRENT_TIMESTAMP -- when"),
    ("a column that refers", "word TEXT, theirs INT REFERENCES parent (id) ON DELETE CASCADE"),
    (
        "a column that checks",
        "word TEXT, theirs varchar(9) CONSTRAINT short CHECK (length(theirs) < 9) DEFAULT 'a'",
    ),
];

pub fn on(intent: &str, mut more: Json) -> Json {
    more["intent"] = json!(intent);
    more["table"] = json!("t");
    more
}

pub fn column(name: &str, ty: &str, nullable: bool) -> Json {
    json!({"name": name, "ty": {"type": ty}, "nullable": nullable})
}

pub fn table() -> Vec<Json> {
    let mut must = column("must", "Text", false);
    must["default"] = json!({"text": "given"});
    let word = json!({"name": "word", "ty": {"type": "String", "length": 40}, "nullable": true});
    let columns = [
        column("id", "Text", false),
        word,
        column("big", "BigInt", true),
        column("ratio", "Float", true),
        column("bytes", "Bytes", true),
        column("doc", "Json", true),
        column("flag", "Boolean", true),
        must,
        column("small", "Int", true),
        column("parent", "Int", true),
        column("own", "Text", true),
    ];
    let refer = |table: &str, column: &str, to: &str, what: &str| json!({"intent": "add-foreign-key", "table": table, "columns": [column], "to": to, "target": ["id"], "onDelete": what});
    vec![
        json!({"intent": "create-table", "table": "parent", "columns": [column("id", "Int", false)], "primaryKey": ["id"]}),
        json!({"intent": "create-table", "table": "t", "columns": columns, "primaryKey": ["id"]}),
        json!({"intent": "create-table", "table": "child", "columns": [column("id", "Int", false), column("t", "Text", true)], "primaryKey": ["id"]}),
        refer("t", "parent", "parent", "CASCADE"),
        refer("child", "t", "t", "CASCADE"),
        on("add-check", json!({"name": "some", "expression": "length(id) < 100"})),
        on("create-index", json!({"keys": [{"column": "word"}], "where": "big > 0"})),
        on("create-index", json!({"keys": [{"expression": "lower(id)"}], "unique": true})),
        on("add-unique", json!({"columns": ["small"]})),
    ]
}

/// Values that are hard to copy: of other types than their column's, at the edges, and rowids with gaps.
pub const ROWS: &str = "CREATE TABLE seen (what TEXT);
    INSERT INTO parent (id) VALUES (1), (2);
    INSERT INTO t (rowid, id, word, big, ratio, bytes, doc, flag, must, small, parent, own) VALUES
        (-5, 'a', '', 9223372036854775807, 9e999, x'', '{\"a\": 1}', 1, 'x', 1, 1, 'a'), (3, 'b', 'é' || char(10) || '''', -9223372036854775808, -9e999, x'00ff00', 'null', 0, '', -2147483648, NULL, 'a'),
        (1000000, 'c', NULL, NULL, NULL, NULL, NULL, 1, 'z', NULL, 2, NULL), (9223372036854775807, 'd', x'00ff', 'abc', 'def', 'text', '[1.50]', 1, 'y', 2147483647, NULL, 'd'),
        (42, 'e', 'e', 1.5, 0.1, 7, '\"\\u00e9\"', 0, 'q', 5, 2, NULL), (43, 'f', '007', 0, -0.0, 1e300, '1e3', 0, 'q', 6, 2, NULL);
    INSERT INTO child (id, t) VALUES (1, 'a'), (5, 'a'), (9, NULL), (10, 'e')";
