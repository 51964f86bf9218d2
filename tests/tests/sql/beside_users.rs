//! A change of large tables keeps nobody waiting for longer than a moment: whatever goes through their rows holds no
//! lock that readers or writers wait for, and the change's own transaction goes through none of their rows.

use hookwright_core::ddl::{Extent, Statement};
use hookwright_core::ident::Ident;
use hookwright_core::model::Model;
use hookwright_core::plan::Plan;
use hookwright_tests::plans::{apply, cases, name_before, planned, statements};

use super::unforeseen;

#[test]
fn no_lock_is_held_on_a_large_table_while_rows_are_gone_through() {
    let mut changes = 0;
    for case in cases().iter().filter(|case| !case.empty_only) {
        let mut schema = case.before();
        for change in &case.changes {
            let model = apply(&schema, change, case.burying);
            let plan = planned(&model, true);
            if plan.obstacles.is_empty() {
                look(&case.name, &model, &plan);
                changes += 1;
            }
            schema = model.schema().clone();
        }
    }
    for made in unforeseen() {
        look(&format!("{:?}", made.intents), &made.model, &made.plan);
        changes += 1;
    }
    println!("{changes} changes keep nobody waiting");
}

fn look(name: &str, model: &Model, plan: &Plan) {
    let large = |table: &Ident| name_before(model, table).is_some();
    let stops = |s: &Statement| {
        s.extent() != Extent::Nothing
            && s.locks().iter().any(|lock| lock.level.blocks() && large(&lock.table))
    };
    for step in plan.prepare.iter().chain(&plan.finish) {
        let stopping =
            statements(step).into_iter().chain(step.undo(&hookwright_tests::plans::org())).find(stops);
        assert!(stopping.is_none(), "{name}: a step holds a lock while it goes through rows: {stopping:?}");
    }
    for statement in plan.statements().filter(|s| s.table().is_some_and(large)) {
        assert_eq!(
            statement.extent(),
            Extent::Nothing,
            "{name}: the transaction goes through rows: {statement:?}"
        );
    }
}
