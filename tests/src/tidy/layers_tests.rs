//! Each border of the architecture, crossed and found.

use super::super::found;
use super::*;

#[test]
fn sql_made_outside_the_gate_is_found() {
    let text = "use sqlx::AssertSqlSafe;";
    assert_eq!(found(sql_gate, "host/src/db/gate.rs", text), [""; 0]);
    assert_eq!(found(sql_gate, "tests/src/locks.rs", text), [""; 0]);
    assert_eq!(found(sql_gate, "host/src/db/postgres.rs", text).len(), 1);
}

#[test]
fn a_transaction_outside_the_executor_is_found() {
    for text in ["f(\"BEGIN IMMEDIATE\")", "pool.begin().await", "pool.begin_with(B)"] {
        assert_eq!(found(transactions, "host/src/db/pool.rs", text).len(), 1, "{text}");
        assert_eq!(found(transactions, "host/src/executor/x.rs", text), [""; 0]);
        assert_eq!(found(transactions, "host/src/registry/store.rs", text), [""; 0]);
    }
    assert_eq!(found(transactions, "host/src/db/x.rs", "// \"BEGIN\n"), [""; 0]);
}

#[test]
fn an_impure_core_is_found() {
    let texts = [
        "async fn f() {}",
        "use sqlx::x;",
        "wasmtime::y()",
        "axum::z()",
        "tokio::spawn()",
        "std::fs::read()",
        "use std::{collections::BTreeMap, fs};",
        "use std::{net::IpAddr, fmt};",
        "std::net::x()",
        "SystemTime::now()",
        "Instant::now()",
        "jiff::Timestamp::now()",
    ];
    for text in texts {
        assert_eq!(found(pure_core, "host/core/src/a.rs", text).len(), 1, "{text}");
    }
    for text in ["fn asynchronous() {}", "use std::{fmt, collections::{fs}};", "// async\nf(\"tokio\")"] {
        assert_eq!(found(pure_core, "host/core/src/a.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn an_impure_dependency_of_the_core_is_found() {
    let text = "[package]\nname = \"c\"\n[dependencies]\nserde = \"1\"\ntokio.workspace = true\n";
    let found = found(core_dependencies, "host/core/Cargo.toml", text);
    assert!(found[0].starts_with("host/core/Cargo.toml:5: "), "{found:?}");
}

#[test]
fn modules_that_meet_are_found() {
    let meetings = [
        ("host/src/http/routes.rs", "use crate::db::Pool;"),
        ("host/src/http/routes.rs", "use crate::{config, sandbox::Engine};"),
        ("host/src/db/mod.rs", "use super::http;"),
        ("host/src/db.rs", "use super::sandbox;"),
        ("host/src/sandbox/a.rs", "super::super::db::f()"),
        ("host/src/registry/a.rs", "use crate::db::A;\nuse crate::sandbox::B;"),
    ];
    for (path, text) in meetings {
        assert_eq!(found(modules, path, text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn modules_that_do_not_meet_are_left_alone() {
    let fine = [
        ("host/src/http/routes.rs", "use crate::pipeline; use crate::dbx; use crate::{config::{db}};"),
        ("host/src/sandbox/a.rs", "use super::http;"),
        ("host/src/pipeline.rs", "use crate::{db, sandbox};"),
        ("host/src/pipeline/run.rs", "use crate::{db, sandbox};"),
        ("host/src/executor/a.rs", "use crate::db; use crate::sandbox;"),
        ("host/src/registry/a.rs", "use crate::sandbox::B;"),
    ];
    for (path, text) in fine {
        assert_eq!(found(modules, path, text), [""; 0], "{path}: {text}");
    }
}
