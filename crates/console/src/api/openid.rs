use std::sync::Arc;

use axum::{Json, extract::State};
use mp_profile::GroupName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    administrators::AdministratorRole,
    answer::WithTag,
    extract::{Body, IfMatch},
    problem::Problem,
};
use crate::{
    domain::Refusal,
    openid::{ClaimRole, OpenidSettings},
    ops::{Administrator, Core, KnownOpenid, OpenidAnswer},
    secret::Secret,
};

/// What those may do here whose groups hold a value.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct OpenidRole {
    /// As the provider writes it, in the same case.
    group: String,
    role: AdministratorRole,
    /// Agent Server Groups whose machines and sessions alone they see; null for the whole farm.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
}

/// How the OpenID Connect provider is reached, and what its groups may do here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OpenidConnect {
    enabled: bool,
    /// What the button on the sign-in page calls it.
    #[schema(example = "Contoso")]
    name: String,
    /// As the provider itself says it.
    #[schema(example = "https://login.example/realms/farm")]
    issuer: String,
    /// As which the provider knows the console.
    client_id: String,
    /// Whether the client's secret is known. It is never told.
    has_client_secret: bool,
    /// Where people reach the console.
    #[schema(example = "https://console.example:8443")]
    address: String,
    /// Where the provider sends people back to, which it has to be told; made of the address.
    return_address: String,
    /// What is asked for beside openid.
    scopes: Vec<String>,
    /// Claim that names the account.
    name_claim: String,
    /// Claim that holds the groups, or the way to it with dots between.
    groups_claim: String,
    /// The authorities that sign the provider's certificate, PEM; empty for those that the console's system trusts.
    certificates: String,
    /// The first one whose group somebody is in decides.
    roles: Vec<OpenidRole>,
}

/// How the OpenID Connect provider shall be reached, and what its groups shall be allowed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OpenidConnectChange {
    enabled: bool,
    name: String,
    issuer: String,
    client_id: String,
    /// Without it the present one stays; an empty one takes it away, for clients without a secret.
    #[serde(default)]
    #[schema(format = Password)]
    client_secret: Option<String>,
    address: String,
    /// profile and email if missing.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// preferred_username if missing.
    #[serde(default)]
    name_claim: Option<String>,
    /// groups if missing.
    #[serde(default)]
    groups_claim: Option<String>,
    #[serde(default)]
    certificates: String,
    #[serde(default)]
    roles: Vec<OpenidRole>,
}

/// The provider answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OpenidConnectAnswer {
    issuer: String,
    /// How many keys it shows, with one of which it signs.
    keys: usize,
    /// Where it has to be allowed to send people back to. That it is cannot be asked.
    return_address: String,
}

impl From<KnownOpenid> for OpenidConnect {
    fn from(KnownOpenid { settings, has_secret }: KnownOpenid) -> Self {
        let return_address = settings.return_address();
        let OpenidSettings {
            enabled,
            name,
            issuer,
            client_id,
            address,
            scopes,
            name_claim,
            groups_claim,
            certificates,
            roles,
        } = settings;
        let role = |ClaimRole { group, role, groups }| OpenidRole { group, role: role.into(), groups };
        Self {
            enabled,
            name,
            issuer,
            client_id,
            has_client_secret: has_secret,
            address,
            return_address,
            scopes,
            name_claim,
            groups_claim,
            certificates,
            roles: roles.into_iter().map(role).collect(),
        }
    }
}

impl From<OpenidConnectChange> for OpenidSettings {
    fn from(change: OpenidConnectChange) -> Self {
        let usual = Self::default();
        let role = |OpenidRole { group, role, groups }| ClaimRole { group, role: role.into(), groups };
        Self {
            enabled: change.enabled,
            name: change.name,
            issuer: change.issuer,
            client_id: change.client_id,
            address: change.address,
            scopes: change.scopes.unwrap_or(usual.scopes),
            name_claim: change.name_claim.unwrap_or(usual.name_claim),
            groups_claim: change.groups_claim.unwrap_or(usual.groups_claim),
            certificates: change.certificates,
            roles: change.roles.into_iter().map(role).collect(),
        }
    }
}

/// How the OpenID Connect provider is reached, and what its groups may do here
#[utoipa::path(get, path = "/openid-connect", tag = "openid-connect", operation_id = "get-openid-connect",
    responses((status = 200, body = OpenidConnect), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<WithTag<OpenidConnect>, Refusal> {
    core.openid_settings(&caller).await.map(WithTag::found)
}

/// Sets the OpenID Connect provider up
#[utoipa::path(put, path = "/openid-connect", tag = "openid-connect", operation_id = "replace-openid-connect",
    request_body = OpenidConnectChange, params(("If-Match" = String, Header)), responses(
    (status = 200, body = OpenidConnect),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    IfMatch(expected): IfMatch,
    Body(mut body): Body<OpenidConnectChange>,
) -> Result<WithTag<OpenidConnect>, Refusal> {
    let secret = body.client_secret.take().map(Secret::new);
    core.set_openid(&caller, &expected, body.into(), secret).await.map(WithTag::found)
}

/// Asks the OpenID Connect provider whether it answers
#[utoipa::path(post, path = "/openid-connect/check", tag = "openid-connect", operation_id = "check-openid-connect", responses(
    (status = 200, body = OpenidConnectAnswer),
    (status = 503, body = Problem, description = "It does not answer, or not as it should"),
    (status = "default", body = Problem),
))]
pub(super) async fn check(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<OpenidConnectAnswer>, Refusal> {
    let OpenidAnswer { issuer, keys, return_address } = core.check_openid(&caller).await?;
    Ok(Json(OpenidConnectAnswer { issuer, keys, return_address }))
}
