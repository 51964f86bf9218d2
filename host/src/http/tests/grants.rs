//! Grants, end to end: what a plugin was not granted is refused with all that is needed to grant it.

use super::{INVOICE, Site};

const GRANTS: &str = "/v1/orgs/acme/plugins/schema-sync/grants";
const ENTITIES: &str = "/v1/orgs/acme/entities";

#[tokio::test]
async fn a_grant_reaches_the_tables_of_its_pattern() {
    let site = Site::new().await;
    let narrowed = r#"{"grant":["create-table on inv*","rename-table on inv*"],"revoke":["create-table","rename-table"]}"#;
    let told = site.post(GRANTS, narrowed).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.body["notGranted"], serde_json::json!(["create-table", "rename-table"]));
    assert_eq!(told.body["beyond"], serde_json::json!([]));

    let refused = site.post(ENTITIES, r#"{"name":"account","fields":[]}"#).await;
    assert_eq!((refused.status, refused.code()), (403, "plugin/not-granted"));
    let detail = refused.body["detail"].as_str().expect("a detail");
    let said = "the plugin \"schema-sync\" asks for create-table on \"account\", which it was not granted";
    assert!(detail.starts_with(said) && detail.contains("create-table on inv*"), "{detail}");
    let help = refused.body["help"].as_str().expect("help");
    let command = "hookwright plugin grant --org acme schema-sync \"create-table on account\"";
    assert!(help.contains(command), "{help}");

    assert_eq!(site.post(ENTITIES, INVOICE).await.status, 200);
    // Either name of a renaming may be somebody else's.
    let renamed =
        site.call("PATCH", "/v1/orgs/acme/entities/invoice?confirm=true", r#"{"name":"bill"}"#).await;
    assert_eq!((renamed.status, renamed.code()), (403, "plugin/not-granted"), "{renamed:?}");
    let granted = site.post(GRANTS, r#"{"grant":["rename-table on bill"]}"#).await;
    assert_eq!(granted.status, 200, "{granted:?}");
    let renamed =
        site.call("PATCH", "/v1/orgs/acme/entities/invoice?confirm=true", r#"{"name":"bill"}"#).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
}

#[tokio::test]
async fn wrong_grants_are_refused() {
    let site = Site::new().await;
    for body in [
        r#"{"grant":["raw-sql"]}"#,
        r#"{"grant":["add-column on a;b"]}"#,
        r#"{"revoke":["add-column on invoice"]}"#,
        r#"{"grants":[]}"#,
        "[",
    ] {
        let told = site.post(GRANTS, body).await;
        assert_eq!((told.status, told.code()), (400, "request/invalid"), "{body}: {told:?}");
    }
    let unknown = site.post("/v1/orgs/acme/plugins/nobody/grants", r#"{"grant":["add-column"]}"#).await;
    assert_eq!(unknown.code(), "plugin/not-found");
}

#[tokio::test]
async fn advice_is_told_and_holds_nothing_up() {
    let site = Site::new().await;
    let told = site.post(ENTITIES, r#"{"name":"note","fields":[{"name":"text","type":"Text"}]}"#).await;
    assert_eq!((told.status, &told.body["status"]), (200, &"applied".into()), "{told:?}");
    let notes = &told.body["intents"][0]["notes"];
    assert_eq!(notes[0]["code"], "policy/table-without-primary-key", "{told:?}");
}
