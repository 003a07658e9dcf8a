//! What each operation of the API needs. One that is not here is refused to everybody.

use axum::http::Method;

use crate::domain::Permission::{self, Audit, Configure, Own, People, Read, Restore, Tokens};

/// The permission for a method and path of the document. `None`: there is no such operation.
pub(super) fn permission(method: &Method, path: &str) -> Option<Permission> {
    let reads = *method == Method::GET || *method == Method::HEAD;
    let (_, place) = path.split_once("/api/v1/")?;
    Some(match place {
        "sessions/current"
        | "administrators/current/password"
        | "administrators/current/second-factor"
        | "administrators/current/second-factor/confirmation"
        | "administrators/current/second-factor/removal"
        | "administrators/current/second-factor/recovery-codes" => Own,
        "overview" | "users" | "users/{sid}" | "user-sessions" | "user-sessions/{id}" if reads => Read,
        "storage-status" | "storage-damage" | "storage-damage/{id}" if reads => Read,
        "storage-damage/{id}/acknowledgement" => Restore,
        "users/{sid}/data-sets"
        | "users/{sid}/data-sets/{scope}/versions"
        | "users/{sid}/data-sets/{scope}/versions/{number}"
        | "users/{sid}/data-sets/{scope}/quarantine"
            if reads =>
        {
            Read
        }
        "users/{sid}/data-sets/{scope}"
        | "users/{sid}/data-sets/{scope}/restore"
        | "users/{sid}/data-sets/{scope}/versions/{number}"
        | "users/{sid}/data-sets/{scope}/versions/{number}/content"
        | "users/{sid}/data-sets/{scope}/versions/{number}/file"
        | "users/{sid}/data-sets/{scope}/versions/{number}/difference"
        | "users/{sid}/data-sets/{scope}/quarantine/{id}"
        | "users/{sid}/data-sets/{scope}/quarantine/{id}/difference"
        | "users/{sid}/data-sets/{scope}/quarantine/{id}/adoption"
        | "sample-hives"
        | "data-subset-trials" => Restore,
        "storage-servers"
        | "storage-servers/{name}"
        | "storage-moves"
        | "storage-moves/{id}"
        | "agent-server-groups"
        | "agent-server-groups/{name}"
        | "data-subsets"
        | "data-subsets/{name}"
        | "configuration"
        | "retention"
        | "machines"
        | "machines/{id}" => {
            if reads {
                Read
            } else {
                Configure
            }
        }
        "storage-moves/{id}/cancel" | "storage-moves/{id}/finish" => Configure,
        // An address may be a secret of the receiver's.
        "webhooks" | "webhooks/{name}" | "webhooks/{name}/secret" | "webhooks/{name}/test" => Configure,
        "join-tokens" | "join-tokens/{id}" => {
            if reads {
                Audit
            } else {
                Configure
            }
        }
        "configuration/history" | "configuration/history/{revision}" if reads => Read,
        "configuration/history/{revision}/difference" if reads => Read,
        "audit-log" | "audit-log/proof" if reads => Audit,
        "administrators" | "administrators/{name}" | "sign-in-policy" | "directory" | "openid-connect" => {
            if reads {
                Audit
            } else {
                People
            }
        }
        "directory/users" | "directory/groups" if reads => Audit,
        "directory/check" | "openid-connect/check" => People,
        "administrators/{name}/password"
        | "administrators/{name}/lock"
        | "administrators/{name}/second-factor" => People,
        "api-tokens" | "api-tokens/{id}" => Tokens,
        _ => return None,
    })
}
