//! Parts of a request, with every way of being wrong told as a problem.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::problem::{Problem, of_status};
use crate::error::{Error, Result};

/// Parameters of the path.
pub(super) struct Path<T>(pub(super) T);

/// Parameters of the query.
pub(super) struct Query<T>(pub(super) T);

/// A body of JSON, not parsed yet.
pub(super) struct JsonBody(pub(super) Bytes);

/// The body of an upload.
pub(super) struct Component(pub(super) Bytes);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|p| Self(p.0)).map_err(|e: PathRejection| invalid(&e.body_text()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|q| Self(q.0)).map_err(|e: QueryRejection| invalid(&e.body_text()))
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = |kind: &str| kind == "application/json" || kind.ends_with("+json");
        expect_media(request.headers(), is_json, "application/json")?;
        body(request, state).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Component {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_component = |kind: &str| kind == "application/wasm" || kind == "application/octet-stream";
        expect_media(request.headers(), is_component, "application/wasm")?;
        body(request, state).await.map(Self)
    }
}

/// The values of a small body; what is wrong with it is told with its place.
pub(super) fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    // Serde would read a list as an object, by position; a request says what it means by name.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Error::new(
            "request/invalid",
            "the body is not valid: it is a list, and an object is wanted",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let pointer: String = e.path().iter().map(|part| format!("/{part}")).collect();
        Error::new("request/invalid", format!("the body is not valid: {}", shown(&e.inner().to_string())))
            .at(pointer)
    })?;
    let more =
        |e: serde_json::Error| Error::new("request/invalid", format!("the body is not one JSON value: {e}"));
    deserializer.end().map_err(more)?;
    Ok(parsed)
}

/// The bytes of a body, up to the limit.
pub(super) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|e: BytesRejection| match e.status().as_u16() {
        413 => Problem(Error::new("event/too-large", "the body is larger than the host takes")),
        _ => Problem(of_status(e.status(), "the body could not be read")),
    })
}

fn expect_media(headers: &HeaderMap, fits: fn(&str) -> bool, wanted: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if fits(&kind) {
        return Ok(());
    }
    let is = if kind.is_empty() { "not given".to_owned() } else { format!("\"{}\"", shown(&kind)) };
    let message = format!("the media type of the body is {is}, wanted {wanted}");
    let help = format!("send the header \"Content-Type: {wanted}\"");
    Err(Error::new("request/unsupported-media", message).help(help).into())
}

pub(super) fn invalid(message: &str) -> Problem {
    Error::new("request/invalid", shown(message)).into()
}

/// A hostile text made short and printable.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .take(200)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// There is no such entity or field.
pub(super) fn not_found(what: &str, name: &str) -> Error {
    Error::new("metadata/not-found", format!("there is no {what} \"{}\"", shown(name)))
}
