//! Who is asking: the bearer token of a request, or nobody at a developer's own machine.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::App;
use super::limits::address;
use super::problem::Problem;
use crate::access::Principal;
use crate::error::{Error, Result};

/// Lets a request pass whose sender is known; handlers find the [`Principal`] among its extensions.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let principal = principal(&app, &parts).await?;
    parts.extensions.insert(principal);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Who sent a request, if it may send another one now.
pub(super) async fn principal(app: &App, request: &Parts) -> Result<Principal> {
    let address = address(&request.extensions);
    let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
    let principal = match (values.next(), values.next()) {
        (Some(value), None) => {
            let proof = app.limits.proof(("token", value.as_bytes()));
            let token = async { app.host.authenticate(bearer(value).ok_or_else(unauthenticated)?).await };
            app.limits.authenticated(address, proof, token).await?
        }
        (None, _) if app.options.anonymous && local(request) && !app.host.has_tokens().await? => {
            Principal::local()
        }
        _ => {
            app.limits.stranger(address)?;
            return Err(unauthenticated());
        }
    };
    app.limits.sender(&principal)?;
    Ok(principal)
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

pub(super) fn unauthenticated() -> Error {
    Error::new("auth/unauthenticated", "the request carries no valid token")
}

/// Whether the request was meant for this machine. A web page that a developer visits can make the browser send
/// requests here; it cannot hide its origin, nor the name it looked up.
fn local(request: &Parts) -> bool {
    let text = |name| request.headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let origin = text(header::ORIGIN).and_then(|o| o.split_once("://").map(|(_, host)| host).or(Some("?")));
    // HTTP/2 has the name in place of a header.
    let authority = request.uri.authority().map(Authority::as_str);
    [text(header::HOST), authority, origin].into_iter().flatten().all(loopback)
}

fn loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    };
    host == "localhost"
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_machine() {
        for own in ["localhost", "localhost:8787", "127.0.0.1:1", "[::1]:8787", "127.8.8.8"] {
            assert!(loopback(own), "{own}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example:80",
            "10.0.0.1",
            "[2001:db8::1]:80",
            "",
            "127.0.0.1.evil:80",
        ] {
            assert!(!loopback(other), "{other}");
        }
    }
}
