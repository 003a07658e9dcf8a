use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{FromRequest, Request, State},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use mp_profile::{GroupName, Note, RuleAction, RuleTrial, Sid, TrialCounts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use super::{data_subset::DataSubset, extract::Body, problem::Problem};
use crate::{
    domain::{Refusal, SAMPLE_HIVE, SampleKeys},
    ops::{Administrator, Core, Source, Tried, TriedOn},
};

/// Most bytes of a request: a sample hive in base64, and a data subset.
pub(super) const MAX_BODY: usize = SAMPLE_HIVE.div_ceil(3) * 4 + super::MAX_BODY;
/// How long somebody waits for his turn.
const TURN: Duration = Duration::from_secs(15);

/// A body that may be long. It is read when it is the caller's turn, and the turn ends with it.
pub(super) struct InTurn<T> {
    body: T,
    _turn: OwnedSemaphorePermit,
}

impl<T: DeserializeOwned> FromRequest<Arc<Core>> for InTurn<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, core: &Arc<Core>) -> Result<Self, Refusal> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&core.trials).acquire_owned()).await;
        let turn = turn.map_err(|_| Refusal::StorageBusy)?.map_err(Refusal::internal)?;
        let Body(body) = Body::from_request(request, core).await?;
        Ok(Self { body, _turn: turn })
    }
}

/// A user's hive, to see what is in it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct HiveForm {
    /// The file NTUSER.DAT in base64, at most 32 MiB as a file.
    hive: String,
}

/// What is tried, and on what.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TrialForm {
    /// As it would be created; it need not be there, nor have a name.
    subset: DataSubset,
    on: TrialSource,
}

/// What a data subset is tried on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
enum TrialSource {
    /// The newest data sets of a user: the global one, and a group's.
    User {
        #[schema(value_type = String, example = "S-1-5-21-1-2-3-1001")]
        sid: Sid,
        /// The first one of the data subset if missing.
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        group: Option<GroupName>,
    },
    /// A user's hive.
    Hive {
        /// The file NTUSER.DAT in base64, at most 32 MiB as a file.
        hive: String,
    },
}

/// What a data subset would keep, by the same rules as an Agent's export of all that was tried.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SubsetTrial {
    /// The data sets that it was tried on; none of a hive.
    data_sets: Vec<TriedDataSet>,
    /// How many pieces of the hive were damaged, and left out.
    damage: usize,
    /// Whether the hive's last write was not finished: newer data may be in the logs beside it.
    dirty: bool,
    /// What becomes of each rule: those about keys, then those about folders, in their order.
    rules: Vec<TriedRule>,
    /// All that is kept.
    kept: Amount,
    /// Length of the data set of all that is kept, in bytes.
    compressed_bytes: u64,
    /// What was left out and why; the first 500.
    notes: Vec<TrialNote>,
    /// How many more there were.
    more_notes: usize,
}

/// A data set that a data subset was tried on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct TriedDataSet {
    /// global or group:NAME
    #[schema(example = "group:Office")]
    scope: String,
    /// Number of its version.
    version: u64,
}

/// What one rule does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct TriedRule {
    /// In a line.
    #[schema(example = "HKCU\\Software\\Contoso")]
    rule: String,
    /// Whether it is about keys; otherwise about folders.
    of_registry: bool,
    /// Whether it leaves out.
    excludes: bool,
    /// What it keeps.
    kept: Amount,
    /// What it would keep, but that never travels, or is over a limit.
    refused: Amount,
    /// What it leaves out, if it is a rule that does.
    left_out: Amount,
    /// Length of a data set of what it keeps alone, in bytes.
    compressed_bytes: u64,
}

/// How much.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Amount {
    keys: usize,
    values: usize,
    files: usize,
    /// Of values and files, before compression.
    bytes: u64,
}

/// Something that was left out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct TrialNote {
    /// See the reference of codes.
    #[schema(example = "MP-PRF-107")]
    code: &'static str,
    /// The key, value or file.
    place: String,
    text: String,
}

impl From<TrialCounts> for Amount {
    fn from(counts: TrialCounts) -> Self {
        let TrialCounts { keys, values, value_bytes, files, file_bytes } = counts;
        Self { keys, values, files, bytes: value_bytes + file_bytes }
    }
}

impl From<RuleTrial> for TriedRule {
    fn from(rule: RuleTrial) -> Self {
        let RuleTrial { rule, of_registry, action, kept, refused, left_out, compressed_bytes } = rule;
        Self {
            rule,
            of_registry,
            excludes: action == RuleAction::Exclude,
            kept: kept.into(),
            refused: refused.into(),
            left_out: left_out.into(),
            compressed_bytes,
        }
    }
}

impl From<Note> for TrialNote {
    fn from(note: Note) -> Self {
        Self { code: note.code.code(), place: note.place, text: note.text }
    }
}

impl From<Tried> for SubsetTrial {
    fn from(Tried { on, trial }: Tried) -> Self {
        let (data_sets, damage, dirty) = match on {
            TriedOn::Hive { damage, dirty } => (Vec::new(), damage, dirty),
            TriedOn::DataSets(sets) => {
                let sets = sets.into_iter();
                let sets = sets.map(|(scope, version)| TriedDataSet { scope: scope.to_string(), version });
                (sets.collect(), 0, false)
            }
        };
        Self {
            data_sets,
            damage,
            dirty,
            rules: trial.rules.into_iter().map(Into::into).collect(),
            kept: trial.kept.into(),
            compressed_bytes: trial.compressed_bytes,
            notes: trial.notes.notes.into_iter().map(Into::into).collect(),
            more_notes: trial.notes.more,
        }
    }
}

fn hive_of(text: &str) -> Result<Vec<u8>, Refusal> {
    BASE64_STANDARD.decode(text).map_err(|error| Refusal::SampleHive(format!("it is no base64: {error}")))
}

/// The keys of a user's hive that is sent along, and the names of their values. Nothing of it is kept
#[utoipa::path(post, path = "/sample-hives", tag = "data-subsets", operation_id = "read-sample-hive", request_body = HiveForm,
    responses((status = 200, body = SampleKeys), (status = "default", body = Problem)))]
pub(super) async fn read_hive(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    asked: InTurn<HiveForm>,
) -> Result<Json<SampleKeys>, Refusal> {
    Ok(Json(core.sample_keys(&caller, hive_of(&asked.body.hive)?).await?))
}

/// Tries a data subset: what it would keep of a user's data sets, or of a hive. Nothing is changed; looks into a user's data
/// sets are noted in the audit log
#[utoipa::path(post, path = "/data-subset-trials", tag = "data-subsets", operation_id = "try-data-subset", request_body = TrialForm,
    responses((status = 200, body = SubsetTrial), (status = "default", body = Problem)))]
pub(super) async fn try_subset(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    InTurn { body, _turn }: InTurn<TrialForm>,
) -> Result<Json<SubsetTrial>, Refusal> {
    let source = match body.on {
        TrialSource::User { sid, group } => Source::User { sid, group },
        TrialSource::Hive { hive } => Source::Hive(hive_of(&hive)?),
    };
    Ok(Json(core.try_subset(&caller, body.subset.into(), source).await?.into()))
}
