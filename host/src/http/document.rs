//! The description of the HTTP surface, OpenAPI 3.1.

use std::sync::OnceLock;

use axum::Json;
use hookwright_core::webhook::SIGNATURE_HEADER;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AnyOfBuilder, SchemaType};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    self, Components, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder, Schema, Type,
};

use super::problem::ProblemBody;
use crate::outcome::Outcome;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hookwright",
        description = "Keeps the physical database schema of many organisations in step with their metadata.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemBody, Outcome)),
    tags(
        (name = "events", description = "The hook endpoint"),
        (name = "metadata", description = "Entities and fields, over the same pipeline"),
        (name = "changes", description = "The ledger, and what waits for a decision"),
        (name = "drift", description = "Databases that are not what metadata and plugins call for"),
        (name = "tombstones", description = "What is dropped and kept"),
        (name = "plugins", description = "What is called for an organisation's events"),
        (name = "host", description = "The host itself"),
    )
)]
struct Frame;

/// What the routes are added to.
pub(super) fn frame() -> openapi::OpenApi {
    Frame::openapi()
}

/// The document itself.
#[utoipa::path(
    get, path = "/openapi.json", tag = "host",
    responses((status = 200, description = "This document", body = Object))
)]
pub(super) async fn document() -> Json<&'static Value> {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    Json(DOCUMENT.get_or_init(|| serde_json::to_value(super::openapi()).unwrap_or_default()))
}

const SIGNED: &str =
    "Standard Webhooks, together with webhook-id and webhook-timestamp; hookwright webhook create";

/// Problems that routes of an organisation answer with.
const STATUSES: &[&str] =
    &["400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "502", "503"];

/// Adds what every operation has: its problems, and the token it needs.
pub(super) fn finish(mut api: openapi::OpenApi) -> openapi::OpenApi {
    let components = api.components.get_or_insert_with(Components::new);
    let token =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("hookwright token create"));
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    let signature = ApiKey::Header(ApiKeyValue::with_description(SIGNATURE_HEADER, SIGNED));
    components.add_security_scheme("signature", SecurityScheme::ApiKey(signature));
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
    let problem = |about: &str| {
        ResponseBuilder::new().description(about).content("application/problem+json", body.clone())
    };
    components.responses.insert("Problem".to_owned(), problem("A problem (RFC 9457)").build().into());
    let later = problem("A problem (RFC 9457) that passes: send the request again later");
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
    let wait = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before that"));
    let later = later.header("Retry-After", wait.build());
    components.responses.insert("Later".to_owned(), later.build().into());
    if let Some(told) = components.schemas.get_mut("BoundPlugin") {
        alternatives(told);
    }
    for (path, item) in &mut api.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete]
            .into_iter()
            .filter_map(Option::as_mut);
        for operation in operations {
            operation.operation_id = operation.operation_id.take().map(|name| id(path, &name));
            match path.starts_with("/v1/") || path == "/metrics" {
                true => guarded(operation),
                false => problems(operation, &["503", "default"]),
            }
        }
    }
    api
}

/// What a trial says may be what a settlement says, too: any of the shapes will do. Nothing at all is a status of its own.
fn alternatives(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(one)) = schema {
        let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
        let items = one.items.drain(..).filter(|item| !is_null(item));
        *schema = RefOr::T(Schema::AnyOf(items.fold(AnyOfBuilder::new(), AnyOfBuilder::item).build()));
    }
}

/// The id of an operation: what it is on, and what it does. Handlers alone are called the same in several places.
fn id(path: &str, name: &str) -> String {
    let named = |part: &&str| !part.is_empty() && !part.starts_with('{') && *part != name;
    match path.split('/').rfind(named) {
        Some(on) => format!("{on}.{name}"),
        None => name.to_owned(),
    }
}

fn guarded(operation: &mut Operation) {
    problems(operation, STATUSES);
    let token = || vec![SecurityRequirement::new("token", Vec::<String>::new())];
    operation.security.get_or_insert_with(token);
}

fn problems(operation: &mut Operation, statuses: &[&str]) {
    let reference = |status: &str| {
        let name = if matches!(status, "429" | "503") { "Later" } else { "Problem" };
        RefOr::Ref(Ref::from_response_name(name))
    };
    operation.responses.responses.extend(statuses.iter().map(|s| ((*s).to_owned(), reference(s))));
}
