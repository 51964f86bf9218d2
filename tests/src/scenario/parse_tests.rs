//! Each form of a scenario file, and each mistake in one with its line.

use std::path::Path;

use super::*;

const EVENT: &str = r#"{"id":"e-1","type":"entity.create","entity":{"name":"invoice"}}"#;

fn parse(text: &str) -> Result<Scenario, Error> {
    Scenario::parse(Path::new("some/name.txt"), text)
}

fn error(text: &str) -> String {
    parse(text).expect_err("a mistake").to_string()
}

#[test]
fn everything_finds_its_place() {
    let text = format!(
        "# One.\n# Two.\n\n-- plugins --\nschema-sync\nnaming-guard\n-- events: confirm, batch --\n\
         # first\n{EVENT}\n\n{EVENT}\n-- outcome --\nheld policy/name\n-- setup.sqlite.sql --\nSELECT 1;\n\
         -- events --\n{EVENT}\n-- plan.sqlite --\nCREATE\nINDEX\n-- rows.sql --\nSELECT 1\n-- rows --\n1 | NULL\n"
    );
    let scenario = parse(&text).unwrap();
    assert_eq!((scenario.name().as_str(), scenario.about.as_str()), ("name", "One.\nTwo."));
    assert_eq!(scenario.plugins, ["schema-sync", "naming-guard"]);
    let [Step::Events(first), Step::Setup(setup), Step::Events(second)] = &scenario.steps[..] else {
        panic!("{:?}", scenario.steps);
    };
    assert!(first.mode.confirm && first.mode.batch && !first.mode.dry_run);
    assert_eq!((first.events.len(), first.changes(), first.events[1].line), (2, 1, 11));
    for dialect in Dialect::ALL {
        assert_eq!(first.outcomes(dialect), ["held policy/name"]);
    }
    assert_eq!((setup.dialect, setup.sql.as_str()), (Some(Dialect::Sqlite), "SELECT 1;"));
    assert_eq!(second.outcomes(Dialect::Sqlite), ["applied"]);
    assert_eq!(second.plan.of(Dialect::Sqlite).unwrap(), ["CREATE", "INDEX"]);
    assert!(second.plan.of(Dialect::Postgres).is_none());
    let rows = scenario.rows.unwrap();
    assert_eq!(rows.expected.unwrap(), ["1 | NULL"]);
}

#[test]
fn the_default_plugin_is_schema_sync() {
    let scenario = parse(&format!("# x\n-- events --\n{EVENT}\n")).unwrap();
    assert_eq!(scenario.plugins, ["schema-sync"]);
}

#[test]
fn mistakes_are_told_with_their_line() {
    let cases = [
        ("-- events --\n", "some/name.txt:1: say on top"),
        ("# x\n", "some/name.txt: nothing happens"),
        ("# x\ny\n", "some/name.txt:2: before the first"),
        ("# x\n-- events --\n\n", "some/name.txt:2: \"-- events --\" has no events"),
        ("# x\n-- events --\n# y\n{\"id\":}\n", "some/name.txt:4: not JSON, column 7"),
        ("# x\n-- events --\n[]\n", "some/name.txt:3: an event is a JSON object"),
        ("# x\n-- events: soon --\n{}\n", "some/name.txt:2: events cannot be sent as \"soon\""),
        ("# x\n-- plans --\n", "some/name.txt:2: no section is called \"plans\""),
        ("# x\n-- outcome --\napplied\n", "some/name.txt:2: \"outcome\" of which events?"),
        ("# x\n-- events --\n{}\n-- outcome --\n", "some/name.txt:4: 0 outcomes for 1 changes"),
        ("# x\n-- rows --\n", "some/name.txt:2: rows of which query?"),
        ("# x\n-- setup.sql --\n\n", "some/name.txt:2: setup without a statement"),
        ("# x\n-- rows.sql --\na\n-- rows.sql --\nb\n", "some/name.txt:4: a second \"rows.sql\""),
        ("# x\n-- plugins --\na\n-- plugins --\nb\n", "some/name.txt:4: a second \"plugins\""),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn an_sql_comment_is_no_header() {
    let text = format!("# x\n-- setup.sql --\n-- why\nSELECT 1\n-- events --\n{EVENT}\n");
    let Step::Setup(setup) = &parse(&text).unwrap().steps[0] else {
        panic!("no setup");
    };
    assert_eq!(setup.sql, "-- why\nSELECT 1");
}

#[test]
fn intents_are_gathered_by_their_events() {
    let text = format!(
        "# x\n-- intents --\n# why\ne-1 {{\"a\":1}}\ne-2 {{}}\n-- events --\n{EVENT}\n-- intents --\ne-1 {{\"b\":2}}\n"
    );
    let wishes = parse(&text).unwrap().wishes;
    assert_eq!(Json::from(wishes), serde_json::json!({"e-1": [{"a": 1}, {"b": 2}], "e-2": [{}]}));
    let told = error(&format!("# x\n-- events --\n{EVENT}\n-- intents --\ne-1\n"));
    assert!(told.starts_with("some/name.txt:4: after the event's id \"e-1\" stands no intent"), "{told}");
}

#[test]
fn an_outcome_can_be_one_databases() {
    let text = format!("# x\n-- events --\n{EVENT}\n-- outcome --\nheld a\n-- outcome.sqlite --\nerror b\n");
    let scenario = parse(&text).unwrap();
    let [Step::Events(events)] = &scenario.steps[..] else { panic!("{:?}", scenario.steps) };
    assert_eq!(Dialect::ALL.map(|d| events.outcomes(d).join("")), ["held a", "error b"]);
}
