//! `accepts` and `rejects`: one intent on a small schema, one set of rows, one verdict.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::ddl::Dialect;
use crate::ident::OrgName;
use crate::intent::Intent;
use crate::model::Model;
use crate::plan::{Sizes, Waits, plan};
use crate::policy::rules::RULES;
use crate::policy::{Answer, Case, Finding, Judgement, Mode, Rule, Settings, Severity, Verdict};
use crate::schema::{Schema, Table};

/// No rows.
pub(in crate::policy) fn empty() -> Answer {
    Answer::default()
}

/// The intent to change a column of `invoice` to a type.
pub(in crate::policy) fn change_type(column: &str, ty: Json) -> Json {
    json!({"intent": "change-type", "table": "invoice", "column": column, "ty": ty})
}

/// Rows, so many of which fail.
pub(in crate::policy) fn rows(failing: u64) -> Answer {
    Answer { rows: true, failing, ..Answer::default() }
}

/// `account(id)` and `invoice(id, account → account, status String(20), state Enum(a, b), amount Int, due DateTime not null)`,
/// with a unique constraint and an index on `status`, and the check `positive`;
/// `log(line)` without a key and `UNLOGGED`, whose required column `kind` was dropped.
pub(in crate::policy) fn schema() -> Schema {
    let column = |name: &str, ty: serde_json::Value, nullable: bool| {
        (name.to_owned(), json!({"name": name, "ty": ty, "nullable": nullable}))
    };
    let columns =
        |list: Vec<(String, serde_json::Value)>| list.into_iter().collect::<serde_json::Map<_, _>>();
    let text = |length: u32| json!({"type": "String", "length": length});
    let account = json!({"name": "account", "columns": columns(vec![column("id", text(40), false)]), "primary_key": ["id"]});
    let invoice = json!({
        "name": "invoice",
        "columns": columns(vec![
            column("id", text(40), false), column("account", text(40), true), column("status", text(20), true),
            column("state", json!({"type": "Enum", "values": ["a", "b"]}), true),
            column("amount", json!({"type": "Int"}), true), column("due", json!({"type": "DateTime"}), false),
        ]),
        "primary_key": ["id"],
        "uniques": [{"name": "invoice_status_key", "columns": ["status"]}],
        "foreign_keys": [{"name": "f", "columns": ["account"], "table": "account", "target": ["id"], "on_delete": "RESTRICT"}],
        "checks": [{"name": "positive", "expression": "amount > 0"}],
        "indexes": [{"name": "invoice_status_idx", "keys": [{"column": "status"}]}],
    });
    let log = json!({
        "name": "log",
        "columns": columns(vec![column("line", text(40), true)]),
        "buried": {"hookwright_dropped_1_kind": {"position": 1, "column": {"name": "kind", "ty": text(20), "nullable": false}}},
    });
    let mut schema = Schema::default();
    for table in [account, invoice, log] {
        let mut table = serde_json::from_value::<Table>(table).expect("a table");
        table.unlogged = table.name.as_str() == "log";
        schema.insert(table);
    }
    schema
}

fn find(code: &str, settings: &Settings, intent: serde_json::Value, answer: &Answer) -> Option<Finding> {
    let intent: Intent = serde_json::from_value(intent).expect("an intent");
    let model = Model::new(Arc::new(schema()));
    let mut applied = model.clone();
    intent.apply(&mut applied).expect("an intent that fits the test's schema");
    let rule = RULES.iter().find(|r| r.code == code).expect("a rule in RULES");
    let org = OrgName::parse("acme").expect("a name");
    let dialect = Dialect::Postgres;
    let case = |model| Case { intent: &intent, model, settings, org: &org, dialect };
    let found = match (rule.judge)(&case(&model))? {
        Judgement::Now(finding) => Some(finding),
        Judgement::Ask(_, then) => then(answer),
        Judgement::Planned(waiting, then) => then(answer, waiting.alone),
        Judgement::Together(_, judge) => {
            let sizes = Sizes::large(schema().tables.keys().cloned());
            judge(Waits::of(&plan(&org, dialect, &applied, &sizes), &applied, dialect, &sizes).large())
        }
        Judgement::Whole(judge) => judge(&case(&applied)),
    };
    found.inspect(|finding| declared(rule, finding))
}

/// The finding is of the kind that the rule's documentation says.
fn declared(rule: &Rule, finding: &Finding) {
    let code = rule.code;
    assert!(rule.verdicts.contains(&finding.verdict), "{code} does not declare {:?}", finding.verdict);
    for hazard in &finding.hazards {
        assert!(rule.hazards.contains(hazard), "{code} does not declare {hazard:?}");
    }
    assert!(!finding.guards_data() || rule.floor >= Severity::Confirm, "{code} guards data: {finding:?}");
    assert!(!finding.message.is_empty(), "{code}");
}

/// The rule lets the intent run by itself.
pub(in crate::policy) fn accepts(code: &str, mode: Mode, intent: serde_json::Value, answer: &Answer) {
    if let Some(finding) = find(code, &Settings::of(mode), intent, answer) {
        assert_eq!(finding.verdict, Verdict::Safe, "{}", finding.message);
    }
}

/// The rule does not let the intent run by itself; gives what it found.
pub(in crate::policy) fn rejects(
    code: &str,
    mode: Mode,
    intent: serde_json::Value,
    answer: &Answer,
) -> Finding {
    rejects_by(code, &Settings::of(mode), intent, answer)
}

/// As [`rejects`], by settings of one's own.
pub(in crate::policy) fn rejects_by(
    code: &str,
    settings: &Settings,
    intent: serde_json::Value,
    answer: &Answer,
) -> Finding {
    let finding = find(code, settings, intent, answer).expect("a finding");
    assert_ne!(finding.verdict, Verdict::Safe, "{}", finding.message);
    finding
}

/// Settings by which nothing that is dropped is kept.
pub(in crate::policy) fn keeping_nothing() -> Settings {
    let mut settings = Settings::default();
    settings.tombstones.keep_days = 0;
    settings
}

/// The rule has nothing to say.
pub(in crate::policy) fn silent(code: &str, mode: Mode, intent: serde_json::Value, answer: &Answer) {
    assert_eq!(find(code, &Settings::of(mode), intent, answer), None);
}

/// The rule lets the intent run by itself, with an advice; gives it.
pub(in crate::policy) fn advises(
    code: &str,
    mode: Mode,
    intent: serde_json::Value,
    answer: &Answer,
) -> Finding {
    let finding = find(code, &Settings::of(mode), intent, answer).expect("a finding");
    assert_eq!(finding.verdict, Verdict::Safe, "{}", finding.message);
    finding
}
