use std::sync::Arc;

use axum::{Json, extract::State};
use mp_protocol::damage::{DamageFound, DamageRemedy, DamagedPart};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Body, Named, Params},
    page::Page,
    problem::Problem,
};
use crate::{
    domain::{self, DamageFilter, Paging, Refusal, damage_code},
    ops::{Administrator, Core},
    repository::DAMAGE_ORDERS,
};

/// Something that a Storage Server found not to be what was stored, and what it did about it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StorageDamage {
    /// 32 hexadecimal digits.
    id: String,
    /// Explained, with what to do, in the list of codes.
    code: &'static str,
    storage_server: String,
    /// `global`, or `group:` and the name of the group.
    scope: String,
    /// Security identifier of the user.
    sid: String,
    /// What the directory calls the user; null where it is not known.
    user: Option<String>,
    #[serde(with = "PartForm")]
    #[schema(value_type = PartForm)]
    part: DamagedPart,
    /// Number of the version; null of what is in quarantine.
    number: Option<u64>,
    /// Its identity in quarantine; null of a version.
    quarantine: Option<String>,
    /// What is wrong with it, and where it is.
    why: String,
    remedy: RemedyForm,
    /// Number of the former version whose content stands in for it; null where none does.
    fell_back_to: Option<u64>,
    /// The number under which that is current.
    current_as: Option<u64>,
    #[serde(with = "FoundForm")]
    #[schema(value_type = FoundForm)]
    found: DamageFound,
    /// When it was found first; RFC 3339, as those below.
    #[schema(format = DateTime)]
    first_found: String,
    /// When it was found last.
    #[schema(format = DateTime)]
    last_found: String,
    /// How often it was found.
    times: i64,
    acknowledged: Option<DamageAcknowledged>,
}

/// Somebody has seen it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct DamageAcknowledged {
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    by: String,
    note: String,
}

/// What is damaged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case", remote = "DamagedPart")]
#[schema(as = DamagedPart)]
enum PartForm {
    Current,
    Former,
    Quarantined,
}

/// Who found it: the service when it was asked for, the service when it looked at everything, or `storage verify`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case", remote = "DamageFound")]
#[schema(as = DamageFound)]
enum FoundForm {
    Use,
    Look,
    Verify,
}

/// What the Storage Server did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = DamageRemedy)]
enum RemedyForm {
    /// Nothing.
    None,
    /// It is marked, and not given out any more.
    SetAside,
    /// It stays where it is, because no former version is intact.
    NothingIntact,
    /// The content of a former version is current in its place.
    FellBack,
}

impl From<domain::StorageDamage> for StorageDamage {
    fn from(damage: domain::StorageDamage) -> Self {
        let (remedy, fell_back_to, current_as) = match damage.remedy {
            DamageRemedy::None => (RemedyForm::None, None, None),
            DamageRemedy::SetAside => (RemedyForm::SetAside, None, None),
            DamageRemedy::NothingIntact => (RemedyForm::NothingIntact, None, None),
            DamageRemedy::FellBack { from, to } => (RemedyForm::FellBack, Some(from), Some(to)),
        };
        Self {
            code: damage_code(damage.part, damage.remedy),
            id: damage.id,
            storage_server: damage.server,
            scope: damage.scope.to_string(),
            sid: damage.sid.to_string(),
            user: damage.user.map(|user| user.name),
            part: damage.part,
            number: damage.number,
            quarantine: damage.quarantine,
            why: damage.why,
            remedy,
            fell_back_to,
            current_as,
            found: damage.found,
            first_found: damage.first.rfc3339(),
            last_found: damage.last.rfc3339(),
            times: damage.times,
            acknowledged: damage.acknowledged.map(|seen| DamageAcknowledged {
                at: seen.at.rfc3339(),
                by: seen.by,
                note: seen.note,
            }),
        }
    }
}

/// Which damage.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    storage_server: Option<String>,
    acknowledged: Option<bool>,
    search: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// What somebody says who has seen it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct DamageNote {
    /// What was done about it; at most 500 characters.
    #[serde(default)]
    note: String,
}

/// Damage that Storage Servers found, the last found first
#[utoipa::path(get, path = "/storage-damage", tag = "storage-servers", operation_id = "list-storage-damage", params(
    ("storage-server" = Option<String>, Query, description = "On this Storage Server, by its whole name in any case"),
    ("acknowledged" = Option<bool>, Query, description = "What somebody has acknowledged, or nobody has"),
    ("search" = Option<String>, Query, description = "With this in the user's SID or name, in any case"),
    ("sort" = Option<String>, Query, description = "last; with - before it the other way round; -last if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<StorageDamage>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(which): Params<Which>,
) -> Result<Json<Page<StorageDamage>>, Refusal> {
    let Which { storage_server: server, acknowledged, search, sort, after, limit } = which;
    let paging = Paging::read(DAMAGE_ORDERS, sort.as_deref(), "-last", after.as_deref(), limit)?;
    let filter = DamageFilter { within: None, server, acknowledged, search: domain::search(search)? };
    Ok(Json(Page::of(core.storage_damage(&caller, filter, &paging).await?)))
}

/// One of them
#[utoipa::path(get, path = "/storage-damage/{id}", tag = "storage-servers", operation_id = "get-storage-damage",
    params(("id" = String, Path)), responses((status = 200, body = StorageDamage), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<Json<StorageDamage>, Refusal> {
    Ok(Json(core.one_damage(&caller, &id).await?.into()))
}

/// Notes that somebody has seen it; it needs no attention any more
#[utoipa::path(post, path = "/storage-damage/{id}/acknowledgement", tag = "storage-servers",
    operation_id = "acknowledge-storage-damage", request_body = DamageNote, params(("id" = String, Path)), responses(
    (status = 200, body = StorageDamage),
    (status = 409, body = Problem, description = "Somebody has done so already"),
    (status = "default", body = Problem),
))]
pub(super) async fn acknowledge(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
    Body(DamageNote { note }): Body<DamageNote>,
) -> Result<Json<StorageDamage>, Refusal> {
    Ok(Json(core.acknowledge_damage(&caller, &id, &note).await?.into()))
}
