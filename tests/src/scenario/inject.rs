//! Failures put in a change's way, by triggers of the test's own.
//!
//! For `run.rs`. Each is taken away by what it says.

use super::Dialect;

/// A failure, and how it comes and goes.
pub(super) struct Injection {
    /// Where the change fails, for messages.
    pub place: &'static str,
    /// SQL that puts it there.
    pub begin: String,
    /// SQL that takes it away.
    pub end: String,
}

impl Injection {
    /// Those that a change of so many statements can meet.
    pub fn of(dialect: Dialect, statements: usize) -> Vec<Self> {
        match (dialect, statements) {
            (Dialect::Sqlite, _) => vec![sqlite_ledger()],
            (Dialect::Postgres, 0) => vec![postgres_ledger()],
            (Dialect::Postgres, many) => vec![postgres_statement(many.div_ceil(2)), postgres_ledger()],
        }
    }
}

fn sqlite_ledger() -> Injection {
    Injection {
        place: "after its statements",
        begin: "CREATE TRIGGER injected BEFORE INSERT ON hookwright_change \
                BEGIN SELECT RAISE(ABORT, 'injected'); END"
            .to_owned(),
        end: "DROP TRIGGER injected".to_owned(),
    }
}

fn postgres_ledger() -> Injection {
    Injection {
        place: "after its statements",
        begin:
            "CREATE FUNCTION public.injected() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN RAISE EXCEPTION 'injected'; END $$;
                CREATE TRIGGER injected BEFORE INSERT ON hookwright.change EXECUTE FUNCTION public.injected()"
                .to_owned(),
        end: "DROP FUNCTION public.injected() CASCADE".to_owned(),
    }
}

/// SQLite has no trigger on statements that change the schema; PostgreSQL has.
fn postgres_statement(number: usize) -> Injection {
    Injection {
        place: "at its middle statement",
        begin: format!(
            "CREATE SEQUENCE public.injected_count;
             CREATE FUNCTION public.injected() RETURNS event_trigger LANGUAGE plpgsql AS
             $$ BEGIN IF nextval('public.injected_count') >= {number} THEN RAISE EXCEPTION 'injected'; END IF; END $$;
             CREATE EVENT TRIGGER injected ON ddl_command_end EXECUTE FUNCTION public.injected()"
        ),
        end: "DROP EVENT TRIGGER injected; DROP FUNCTION public.injected(); DROP SEQUENCE public.injected_count"
            .to_owned(),
    }
}
