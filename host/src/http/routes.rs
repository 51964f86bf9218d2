//! Every route, and the layers around them: the table of contents of the HTTP surface.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    App, auth, changes, decisions, doctor, document, drift, entities, events, fields, health, observe, plans,
    plugins, problem, signed, tombstones,
};

/// Where events come in: with a token, or signed.
fn hook() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events::send))
}

/// Of an organisation: all need a token.
fn v1(upload_limit: usize) -> OpenApiRouter<App> {
    let upload = OpenApiRouter::new()
        .routes(routes!(plugins::list, plugins::install))
        .layer(DefaultBodyLimit::max(upload_limit));
    OpenApiRouter::new()
        .routes(routes!(entities::list, entities::create))
        .routes(routes!(entities::show, entities::update, entities::delete))
        .routes(routes!(fields::create))
        .routes(routes!(fields::show, fields::update, fields::delete))
        .routes(routes!(changes::list))
        .routes(routes!(changes::show))
        .routes(routes!(decisions::approve))
        .routes(routes!(decisions::reject))
        .routes(routes!(doctor::examine))
        .routes(routes!(health::show))
        .routes(routes!(drift::show))
        .routes(routes!(drift::ignore, drift::heed))
        .routes(routes!(drift::sync))
        .routes(routes!(drift::adopt))
        .routes(routes!(plans::make))
        .routes(routes!(plans::apply))
        .routes(routes!(tombstones::rollback))
        .routes(routes!(tombstones::list))
        .routes(routes!(tombstones::restore))
        .routes(routes!(tombstones::purge))
        .merge(upload)
        .routes(routes!(plugins::grants))
        .routes(routes!(plugins::enable))
        .routes(routes!(plugins::disable))
        .routes(routes!(plugins::remove))
}

/// Of the host.
fn own() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(document::document))
        .routes(routes!(problem::all))
        .routes(routes!(problem::one))
}

pub(super) fn router(app: App) -> Router {
    let http = app.host.config().http.clone();
    let timeout = Duration::from_millis(http.request_timeout_ms);
    let guarded = v1(http.upload_limit_bytes).layer(middleware::from_fn_with_state(app.clone(), auth::guard));
    let hook = hook().layer(middleware::from_fn_with_state(app.clone(), signed::guard));
    let (router, _) = OpenApiRouter::new().merge(hook).merge(guarded).merge(own()).split_for_parts();
    router
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(DefaultBodyLimit::max(http.body_limit_bytes))
        .layer(middleware::from_fn_with_state(timeout, observe::bound))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn(observe::observe))
        .with_state(app)
}

pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    let (_, api) = OpenApiRouter::with_openapi(document::frame())
        .merge(hook())
        .merge(v1(0))
        .merge(own())
        .split_for_parts();
    document::finish(api)
}
