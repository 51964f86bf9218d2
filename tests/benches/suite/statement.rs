//! The two statements that are measured, as an event and as the batch that somebody would send by hand.

use serde_json::json;

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// A column for a table that has few.
    AddColumn,
    /// A table with ten columns.
    CreateTable,
}

/// One of them, with its names.
pub struct One {
    what: Statement,
    table: String,
    column: String,
}

/// The types of a new table's columns, and what PostgreSQL calls them; SQLite takes these names as they are.
const TYPES: [(&str, &str); 10] = [
    ("BigInt", "bigint PRIMARY KEY"),
    ("String", "varchar(100)"),
    ("Text", "text"),
    ("Int", "integer"),
    ("Float", "double precision"),
    ("Boolean", "boolean"),
    ("Date", "date"),
    ("DateTime", "timestamptz"),
    ("Json", "jsonb"),
    ("Uuid", "uuid"),
];

/// The ledger of somebody who works by hand.
pub fn ledger(schema: &str) -> String {
    format!("CREATE TABLE {schema}ledger (id text PRIMARY KEY, body text NOT NULL)")
}

impl Statement {
    pub fn id(self) -> &'static str {
        match self {
            Self::AddColumn => "add_column",
            Self::CreateTable => "create_table",
        }
    }

    pub fn sql(self) -> &'static str {
        match self {
            Self::AddColumn => "ADD COLUMN",
            Self::CreateTable => "CREATE TABLE",
        }
    }

    /// What has to be there before the statements of a round: a table for their columns.
    pub fn first(self, round: usize) -> Option<One> {
        (self == Self::AddColumn).then(|| One {
            what: Self::CreateTable,
            table: format!("t{round}"),
            column: String::new(),
        })
    }

    pub fn of(self, round: usize, number: usize) -> One {
        let table = match self {
            Self::AddColumn => format!("t{round}"),
            Self::CreateTable => format!("t{round}_{number}"),
        };
        One { what: self, table, column: format!("c{number}") }
    }
}

impl One {
    fn id(&self) -> String {
        format!("{}-{}", self.table, self.column)
    }

    pub fn event(&self) -> String {
        let event = match self.what {
            Statement::AddColumn => json!({
                "id": self.id(), "type": "field.create", "entity": self.table,
                "field": {"name": self.column, "type": "Text"},
            }),
            Statement::CreateTable => {
                let field = |(number, ty): (usize, &(&str, &str))| json!({"name": format!("field_{number}"), "type": ty.0, "primaryKey": number == 0, "nullable": number > 0});
                let fields: Vec<_> = TYPES.iter().enumerate().map(field).collect();
                json!({"id": self.id(), "type": "entity.create", "entity": {"name": self.table, "fields": fields}})
            }
        };
        event.to_string()
    }

    pub fn batch(&self, schema: &str) -> String {
        let Self { table, column, .. } = self;
        let statement = match self.what {
            Statement::AddColumn => format!("ALTER TABLE {schema}{table} ADD COLUMN {column} text"),
            Statement::CreateTable => {
                let columns: Vec<_> =
                    TYPES.iter().enumerate().map(|(n, (_, ty))| format!("field_{n} {ty}")).collect();
                format!("CREATE TABLE {schema}{table} ({})", columns.join(", "))
            }
        };
        let body = self.event().replace('\'', "''");
        format!("BEGIN; {statement}; INSERT INTO {schema}ledger VALUES ('{}', '{body}'); COMMIT", self.id())
    }
}
