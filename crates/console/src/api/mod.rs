//! The REST API for people and their tools, below `/api/v1`. Handlers only translate: what a request says into the words of an
//! operation, and its result back.

mod administrators;
mod answer;
mod api_tokens;
mod audit_log;
mod browser;
mod configuration;
mod contents;
mod data_sets;
mod data_subset;
mod data_subsets;
mod directory;
mod extract;
mod groups;
mod history;
mod join_tokens;
mod machines;
mod openid;
mod openid_sign_in;
mod overview;
mod page;
mod permissions;
mod problem;
mod quarantine;
mod restore;
mod retention;
mod second_factor;
mod sessions;
mod storage_damage;
mod storage_moves;
mod storage_servers;
mod storage_status;
mod trials;
mod user_session;
mod user_sessions;
mod users;
mod webhooks;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use answer::etag;
pub(crate) use extract::{Body, Origin, Params, SMALL_BODY};

use crate::ops::Core;

/// Most bytes of an administrator's request: a whole configuration.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Where the document is.
const DOCUMENT: &str = "/api/v1/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "MetaProfiles console",
        version = "1",
        description = "Describes a farm: its Storage Servers, Agent Server Groups, data subsets and machines. Sign in with \
                       POST /api/v1/sessions and send the token as \"Authorization: Bearer TOKEN\". Changes of what exists \
                       need If-Match with the ETag of what was read.",
        license(name = "MIT OR Apache-2.0")
    ),
    security(("bearer" = [])),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// All routes with their document. Routes are in the router only through the document, so none is missing there.
fn documented(core: &Arc<Core>) -> OpenApiRouter<Arc<Core>> {
    // Whoever has no session gets to none of these, also where a handler would not ask for the caller.
    let of_administrators = OpenApiRouter::new()
        .routes(routes!(browser::current, sessions::sign_out))
        .routes(routes!(sessions::change_password))
        .routes(routes!(storage_servers::list, storage_servers::create))
        .routes(routes!(storage_servers::get, storage_servers::replace, storage_servers::remove))
        .routes(routes!(storage_status::list))
        .routes(routes!(storage_damage::list))
        .routes(routes!(storage_damage::get))
        .routes(routes!(storage_damage::acknowledge))
        .routes(routes!(storage_moves::list, storage_moves::create))
        .routes(routes!(storage_moves::get))
        .routes(routes!(storage_moves::cancel))
        .routes(routes!(storage_moves::finish))
        .routes(routes!(groups::list, groups::create))
        .routes(routes!(groups::get, groups::replace, groups::remove))
        .routes(routes!(data_subsets::list, data_subsets::create))
        .routes(routes!(data_subsets::get, data_subsets::replace, data_subsets::remove))
        .routes(routes!(machines::list))
        .routes(routes!(machines::get, machines::assign, machines::revoke))
        .routes(routes!(join_tokens::list, join_tokens::create))
        .routes(routes!(join_tokens::get, join_tokens::remove))
        .routes(routes!(configuration::export, configuration::import))
        .routes(routes!(retention::get, retention::replace))
        .routes(routes!(history::list))
        .routes(routes!(history::get))
        .routes(routes!(history::difference))
        .routes(routes!(audit_log::list))
        .routes(routes!(audit_log::prove))
        .routes(routes!(administrators::list, administrators::create))
        .routes(routes!(administrators::get, administrators::change, administrators::remove))
        .routes(routes!(administrators::reset_password))
        .routes(routes!(administrators::unlock))
        .routes(routes!(administrators::reset_second_factor))
        .routes(routes!(second_factor::get, second_factor::begin))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::remove))
        .routes(routes!(second_factor::renew_recovery_codes))
        .routes(routes!(second_factor::policy, second_factor::set_policy))
        .routes(routes!(api_tokens::list, api_tokens::create))
        .routes(routes!(api_tokens::get, api_tokens::remove))
        .routes(routes!(directory::get, directory::replace))
        .routes(routes!(directory::check))
        .routes(routes!(directory::users))
        .routes(routes!(directory::groups))
        .routes(routes!(openid::get, openid::replace))
        .routes(routes!(openid::check))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::replace, webhooks::remove))
        .routes(routes!(webhooks::renew_secret))
        .routes(routes!(webhooks::test))
        .routes(routes!(overview::get))
        .routes(routes!(user_sessions::list))
        .routes(routes!(user_sessions::get))
        .routes(routes!(users::list))
        .routes(routes!(users::get))
        .routes(routes!(data_sets::list))
        .routes(routes!(data_sets::remove))
        .routes(routes!(data_sets::versions))
        .routes(routes!(data_sets::get, data_sets::change))
        .routes(routes!(contents::browse))
        .routes(routes!(contents::file))
        .routes(routes!(contents::difference))
        .routes(routes!(restore::restore))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::remove))
        .routes(routes!(quarantine::difference))
        .routes(routes!(quarantine::adopt))
        .route_layer(DefaultBodyLimit::max(MAX_BODY))
        .route_layer(from_fn_with_state(Arc::clone(core), extract::authenticate));
    // A sample hive is longer than anything else that is sent.
    let of_samples = OpenApiRouter::new()
        .routes(routes!(trials::read_hive))
        .routes(routes!(trials::try_subset))
        .route_layer(DefaultBodyLimit::max(trials::MAX_BODY))
        .route_layer(from_fn_with_state(Arc::clone(core), extract::authenticate));
    let of_everybody = OpenApiRouter::new()
        .routes(routes!(sessions::sign_in))
        .routes(routes!(browser::sign_in))
        .routes(routes!(openid_sign_in::options))
        .routes(routes!(openid_sign_in::begin))
        .routes(routes!(openid_sign_in::end))
        .routes(routes!(openid_sign_in::code))
        .route_layer(DefaultBodyLimit::max(extract::SMALL_BODY));
    OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", of_everybody.merge(of_administrators).merge(of_samples))
}

/// The API's routes, and its document.
pub(crate) fn routes(core: &Arc<Core>) -> Router<Arc<Core>> {
    let (router, document) = documented(core).split_for_parts();
    router.route(DOCUMENT, get(|| async move { axum::Json(document) }))
}
