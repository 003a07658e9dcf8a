use mp_profile::{Scope, Sid};
use mp_protocol::{MachineId, MachineRole};

use super::{Kind, Role};

/// Why the console does not do what it was asked. The text says what happened and what to do next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "this needs a signed-in administrator; sign in with POST /api/v1/sessions and send the token as \"Authorization: Bearer TOKEN\""
    )]
    NotSignedIn,
    #[error("the session is over or was ended; sign in again with POST /api/v1/sessions")]
    SessionOver,
    #[error("name or password is wrong")]
    WrongPassword,
    #[error("this account has a second factor; send its code, or one of the recovery codes, as well")]
    CodeNeeded,
    #[error("the code is wrong, is over, or was used before; wait for the next one and try again")]
    WrongCode,
    #[error("signing in here needs a second factor, which this account does not have yet; enrol it first")]
    MustEnrol,
    #[error("too many failed attempts; wait {seconds} seconds and try again")]
    TooManyAttempts { seconds: u64 },
    #[error("the new password is too short or too long; use 12 to 256 characters")]
    PasswordLength,
    #[error("the request's body is not valid: {0}; the API document is at /api/v1/openapi.json")]
    Body(String),
    #[error("the request is not valid: {0}; the API document is at /api/v1/openapi.json")]
    Request(String),
    #[error("{kind} \"{name}\": {problem}")]
    Invalid { kind: Kind, name: String, problem: String },
    #[error("the configuration cannot be read: {0}")]
    ConfigurationText(String),
    #[error("there is no {kind} \"{name}\"; compare with the list of them")]
    NotFound { kind: Kind, name: String },
    #[error("there is already a {kind} \"{name}\"; names may differ in more than case only")]
    Exists { kind: Kind, name: String },
    #[error("the {kind} \"{name}\" cannot be renamed; create one under the new name and delete this one")]
    Renamed { kind: Kind, name: String },
    #[error("the {kind} \"{name}\" is still used by {users}; change that first")]
    InUse { kind: Kind, name: String, users: String },
    #[error(
        "the machine of Storage Server \"{name}\" has a certificate for its present host; revoke the machine, change the \
         host, then let the machine join again"
    )]
    HostInUse { name: String },
    #[error(
        "this change needs the header If-Match with the ETag of what you have read, so that nobody's change is lost"
    )]
    NoPrecondition,
    #[error("somebody changed it since you have read it; read it again, then repeat the change")]
    Stale,
    #[error("there is no machine {0}; compare with the list of machines")]
    NoMachine(MachineId),
    #[error("machine {0} is revoked; let it join again with a new join token")]
    MachineRevoked(MachineId),
    #[error("machine {0} is no Agent Server; only Agent Servers are in groups")]
    NoAgent(MachineId),
    #[error("there is no unused join token \"{0}\"; compare with the list of join tokens")]
    NoJoinToken(String),
    #[error("a join token for {role} names {expected}")]
    TokenTarget { role: MachineRole, expected: &'static str },
    #[error("a join token lives 1 to 720 hours")]
    TokenLifetime,
    #[error("this join token is not known here; copy it again from the console, or make a new one")]
    TokenUnknown,
    #[error("this join token has expired; make a new one in the console")]
    TokenExpired,
    #[error(
        "this join token was used already; if it was not by you, revoke the machine that joined with it; then make a new one"
    )]
    TokenUsed,
    #[error("this join token was made for another role than {0}; make one for {0} in the console")]
    TokenRole(MachineRole),
    #[error("Storage Server \"{name}\" has a machine already, {machine}; revoke that one first")]
    ServerTaken { name: String, machine: MachineId },
    #[error(
        "the machine says it is reached as {addresses}, but Storage Server \"{name}\" has the host \"{host}\"; correct one of \
         them"
    )]
    Addresses { name: String, host: String, addresses: String },
    #[error("the machine's name must have 1 to 255 characters, none of them a control character")]
    MachineNameText,
    #[error("the certificate request is not valid: {0}")]
    Csr(String),
    #[error("this needs a machine's certificate; join the farm first with a join token")]
    NoCertificate,
    #[error(
        "this certificate does not name a machine of this farm: {0}; join the farm again with a new join token"
    )]
    UnknownCertificate(String),
    #[error("this machine was revoked; let it join the farm again with a new join token")]
    Revoked,
    #[error(
        "this certificate was replaced by a newer one and is accepted no more; use the newer one, or join again"
    )]
    Replaced,
    #[error(
        "this machine has {0} certificates already; use the newest, or wait until the older ones are over"
    )]
    TooManyCertificates(usize),
    #[error("only Agents report sessions; this certificate is of another machine")]
    AgentsAlone,
    #[error(
        "there is no session {0}, or it is older than sessions are kept; compare with the list of sessions"
    )]
    NoUserSession(String),
    #[error("no Agent has reported a session of {0}; compare with the list of users")]
    NoUser(Sid),
    #[error("a person with the role {0} may not do this; ask an administrator of the console")]
    NotAllowed(Role),
    #[error(
        "this password was set by somebody else; change it first with PUT /api/v1/administrators/current/password"
    )]
    MustChangePassword,
    #[error("the new password is the present one; choose another")]
    SamePassword,
    #[error("there is no administrator \"{0}\"; compare with the list of administrators")]
    NoAccount(String),
    #[error("there is an administrator \"{0}\" already; choose another name")]
    AccountExists(String),
    #[error("nobody would be left who may do everything; give somebody else the role administrator first")]
    LastAdministrator,
    #[error("this is your own account; let another administrator do it, so that nobody shuts himself out")]
    OwnAccount,
    #[error("this account has a second factor already; remove it before another one is enrolled")]
    SecondFactorThere,
    #[error("there is no second factor to confirm or to use; begin with the enrolment")]
    NoSecondFactor,
    #[error("the password of \"{0}\" is not kept here; it is changed where the account comes from")]
    NotLocal(String),
    #[error("this is not possible: {0}")]
    Account(String),
    #[error(
        "the directory cannot be asked now, so its people cannot sign in; accounts of the console itself can"
    )]
    DirectoryAway,
    #[error("the directory cannot be asked: {0}; correct its settings, or look whether its servers run")]
    Directory(String),
    #[error("no directory is set up, or it is not enabled; set it up first")]
    NoDirectory,
    #[error("the settings of the directory are not valid: {0}")]
    DirectorySettings(String),
    #[error(
        "it is known who you are, but none of your groups has a role here; ask an administrator of the console"
    )]
    NoRole,
    #[error(
        "the account \"{0}\" here is somebody else's, so you get none of that name; ask an administrator of the console"
    )]
    NameTaken(String),
    #[error(
        "the OpenID Connect provider cannot be asked now, so its people cannot sign in; accounts of the console itself can"
    )]
    OpenidAway,
    #[error(
        "the OpenID Connect provider cannot be asked: {0}; correct its settings, or look whether it runs"
    )]
    Openid(String),
    #[error("no OpenID Connect provider is set up, or it is not enabled; set it up first")]
    NoOpenid,
    #[error("the settings of OpenID Connect are not valid: {0}")]
    OpenidSettings(String),
    #[error(
        "this sign-in was not begun in this browser, was used already, or took more than ten minutes; begin again"
    )]
    OpenidLost,
    #[error(
        "what the OpenID Connect provider sent does not prove who you are; begin again, and if that does not help ask an \
         administrator of the console: the audit log says why"
    )]
    OpenidNotProved,
    #[error("the OpenID Connect provider did not let you in ({0}); begin again, or ask who looks after it")]
    OpenidRefused(String),
    #[error("your account here is disabled or locked; ask an administrator of the console")]
    OpenidShutOut,
    #[error("there is no API token {0}; compare with the list of API tokens")]
    NoAccessToken(String),
    #[error("an API token lives 1 to {0} days")]
    AccessTokenLifetime(u32),
    #[error("there is no move {0}; compare with the list of moves")]
    NoMove(String),
    #[error("this move is not possible: {0}")]
    Move(String),
    #[error("only Storage Servers tell what they have taken over, and what is damaged")]
    StorageAlone,
    #[error("there is no damage {0}, or it was acknowledged long ago; compare with the list of damage")]
    NoDamage(String),
    #[error("this damage was acknowledged already; read it again")]
    DamageAcknowledged,
    #[error("there is no webhook \"{0}\"; compare with the list of webhooks")]
    NoWebhook(String),
    #[error("this webhook is not possible: {0}")]
    Webhook(String),
    #[error("there is no configuration of revision {0}; compare with the configuration's history")]
    NoRevision(i64),
    #[error(
        "no Storage Server keeps data sets of {0}; compare with the list of this user's data sets and with the Storage Servers"
    )]
    NoScope(Scope),
    #[error("there is no version {0} of this data set; compare with the list of its versions")]
    NoVersion(u64),
    #[error(
        "the content of version {0} is not there any more: it fell to retention, or is damaged; choose another version"
    )]
    VersionGone(u64),
    #[error(
        "version {0} cannot be read: {1}; choose another version, and look into the Storage Server's log"
    )]
    VersionUnreadable(u64, String),
    #[error("there is nothing at {0} in this version; compare with what is in it")]
    NothingAt(String),
    #[error("this would change nothing: {0} is as in version {1} already")]
    NothingToRestore(String, u64),
    #[error("the data subset \"{0}\" keeps nothing in this data set; compare with the data subsets")]
    SubsetElsewhere(String),
    #[error("the result cannot be stored: {0}; restore less, or another version")]
    NotStorable(String),
    #[error("Storage Server \"{server}\" did it not: {reason}")]
    StorageRefused { server: String, reason: String },
    #[error(
        "Storage Server \"{server}\" is away: {reason}; check that its Storage Service runs and is reached from the console, \
         then try again"
    )]
    StorageAway { server: String, reason: String },
    #[error("too many data sets are being looked at; try again in a moment")]
    StorageBusy,
    #[error("no data set of user {0} is stored yet; choose another user, another group, or a sample hive")]
    NothingStored(Sid),
    #[error("the sample hive cannot be read: {0}; choose the NTUSER.DAT of a user who is logged off")]
    SampleHive(String),
    #[error("there is nothing of this id in quarantine: {0}; somebody may have adopted or deleted it")]
    NotQuarantined(String),
    #[error("what is in quarantine cannot be read: {0}; it can only be deleted")]
    QuarantineUnreadable(String),
    #[error("this took longer than {0} seconds; try again")]
    Timeout(u64),
    #[error("the request's body is larger than this address takes; send less")]
    TooLarge,
    #[error("there is nothing at this address; the API document is at /api/v1/openapi.json")]
    NoRoute,
    #[error("this address does not know that method; the API document is at /api/v1/openapi.json")]
    NoMethod,
    #[error("the console failed; its log has the reason under the time of this answer")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What sort of answer a refusal is; the HTTP status follows from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RefusalKind {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    NoMethod,
    Conflict,
    Stale,
    NoPrecondition,
    TooMany,
    Timeout,
    TooLarge,
    /// Somebody whom the console asks, a Storage Server, the directory or the provider, did not answer.
    Away,
    Internal,
}

impl Refusal {
    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// Stable code and sort. Codes are never given again to something else.
    pub(crate) fn code(&self) -> (&'static str, RefusalKind) {
        use RefusalKind as K;
        match self {
            Self::NotSignedIn => ("MP-CON-001", K::Unauthenticated),
            Self::SessionOver => ("MP-CON-002", K::Unauthenticated),
            Self::WrongPassword => ("MP-CON-003", K::Unauthenticated),
            Self::TooManyAttempts { .. } => ("MP-CON-004", K::TooMany),
            Self::PasswordLength => ("MP-CON-005", K::Invalid),
            Self::CodeNeeded => ("MP-CON-009", K::Unauthenticated),
            Self::WrongCode => ("MP-CON-016", K::Unauthenticated),
            Self::MustEnrol => ("MP-CON-017", K::Forbidden),
            Self::Body(_) => ("MP-CON-010", K::Invalid),
            Self::Request(_) => ("MP-CON-011", K::Invalid),
            Self::NoRoute => ("MP-CON-012", K::NotFound),
            Self::NoMethod => ("MP-CON-013", K::NoMethod),
            Self::TooLarge => ("MP-CON-015", K::TooLarge),
            Self::Timeout(_) => ("MP-CON-014", K::Timeout),
            Self::Invalid { .. } => ("MP-CON-020", K::Invalid),
            Self::ConfigurationText(_) => ("MP-CON-021", K::Invalid),
            Self::NotFound { .. } => ("MP-CON-022", K::NotFound),
            Self::Exists { .. } => ("MP-CON-023", K::Conflict),
            Self::Renamed { .. } => ("MP-CON-024", K::Invalid),
            Self::InUse { .. } => ("MP-CON-025", K::Conflict),
            Self::HostInUse { .. } => ("MP-CON-026", K::Conflict),
            Self::NoPrecondition => ("MP-CON-027", K::NoPrecondition),
            Self::Stale => ("MP-CON-028", K::Stale),
            Self::NoMachine(_) => ("MP-CON-030", K::NotFound),
            Self::MachineRevoked(_) => ("MP-CON-031", K::Conflict),
            Self::NoAgent(_) => ("MP-CON-032", K::Invalid),
            Self::NoJoinToken(_) => ("MP-CON-040", K::NotFound),
            Self::TokenTarget { .. } => ("MP-CON-041", K::Invalid),
            Self::TokenLifetime => ("MP-CON-042", K::Invalid),
            Self::TokenUnknown => ("MP-CON-050", K::Unauthenticated),
            Self::TokenExpired => ("MP-CON-051", K::Forbidden),
            Self::TokenUsed => ("MP-CON-052", K::Forbidden),
            Self::TokenRole(_) => ("MP-CON-053", K::Forbidden),
            Self::ServerTaken { .. } => ("MP-CON-054", K::Conflict),
            Self::Addresses { .. } => ("MP-CON-055", K::Invalid),
            Self::MachineNameText => ("MP-CON-056", K::Invalid),
            Self::Csr(_) => ("MP-CON-057", K::Invalid),
            Self::NoCertificate => ("MP-CON-060", K::Unauthenticated),
            Self::UnknownCertificate(_) => ("MP-CON-061", K::Forbidden),
            Self::Revoked => ("MP-CON-062", K::Forbidden),
            Self::Replaced => ("MP-CON-063", K::Forbidden),
            Self::TooManyCertificates(_) => ("MP-CON-064", K::TooMany),
            Self::AgentsAlone => ("MP-CON-065", K::Forbidden),
            Self::NoUserSession(_) => ("MP-CON-070", K::NotFound),
            Self::NoUser(_) => ("MP-CON-071", K::NotFound),
            Self::NoMove(_) => ("MP-CON-074", K::NotFound),
            Self::Move(_) => ("MP-CON-075", K::Conflict),
            Self::StorageAlone => ("MP-CON-066", K::Forbidden),
            Self::NotAllowed(_) => ("MP-CON-006", K::Forbidden),
            Self::MustChangePassword => ("MP-CON-007", K::Forbidden),
            Self::SamePassword => ("MP-CON-008", K::Invalid),
            Self::NoRevision(_) => ("MP-CON-029", K::NotFound),
            Self::NoAccount(_) => ("MP-CON-080", K::NotFound),
            Self::AccountExists(_) => ("MP-CON-081", K::Conflict),
            Self::LastAdministrator => ("MP-CON-082", K::Conflict),
            Self::Account(_) => ("MP-CON-083", K::Invalid),
            Self::NoAccessToken(_) => ("MP-CON-084", K::NotFound),
            Self::AccessTokenLifetime(_) => ("MP-CON-085", K::Invalid),
            Self::OwnAccount => ("MP-CON-086", K::Conflict),
            Self::SecondFactorThere => ("MP-CON-087", K::Conflict),
            Self::NoSecondFactor => ("MP-CON-088", K::Conflict),
            Self::NotLocal(_) => ("MP-CON-089", K::Conflict),
            Self::DirectoryAway => ("MP-CON-090", K::Away),
            Self::Directory(_) => ("MP-CON-091", K::Away),
            Self::NoDirectory => ("MP-CON-092", K::Conflict),
            Self::DirectorySettings(_) => ("MP-CON-093", K::Invalid),
            Self::NoRole => ("MP-CON-094", K::Forbidden),
            Self::OpenidAway => ("MP-CON-095", K::Away),
            Self::Openid(_) => ("MP-CON-096", K::Away),
            Self::NoOpenid => ("MP-CON-097", K::Conflict),
            Self::OpenidSettings(_) => ("MP-CON-098", K::Invalid),
            Self::OpenidLost => ("MP-CON-100", K::Unauthenticated),
            Self::OpenidNotProved => ("MP-CON-101", K::Unauthenticated),
            Self::OpenidRefused(_) => ("MP-CON-102", K::Forbidden),
            Self::NameTaken(_) => ("MP-CON-103", K::Forbidden),
            Self::OpenidShutOut => ("MP-CON-104", K::Forbidden),
            Self::NoScope(_) => ("MP-CON-110", K::NotFound),
            Self::NoVersion(_) => ("MP-CON-111", K::NotFound),
            Self::VersionGone(_) => ("MP-CON-112", K::Conflict),
            Self::VersionUnreadable(..) => ("MP-CON-113", K::Conflict),
            Self::NothingAt(_) => ("MP-CON-114", K::NotFound),
            Self::NothingToRestore(..) => ("MP-CON-115", K::Conflict),
            Self::SubsetElsewhere(_) => ("MP-CON-116", K::Invalid),
            Self::NotStorable(_) => ("MP-CON-117", K::Conflict),
            Self::StorageRefused { .. } => ("MP-CON-118", K::Conflict),
            Self::StorageAway { .. } => ("MP-CON-119", K::Away),
            Self::StorageBusy => ("MP-CON-120", K::TooMany),
            Self::NothingStored(_) => ("MP-CON-121", K::NotFound),
            Self::SampleHive(_) => ("MP-CON-122", K::Invalid),
            Self::NotQuarantined(_) => ("MP-CON-123", K::NotFound),
            Self::QuarantineUnreadable(_) => ("MP-CON-124", K::Conflict),
            Self::NoDamage(_) => ("MP-CON-130", K::NotFound),
            Self::DamageAcknowledged => ("MP-CON-131", K::Conflict),
            Self::NoWebhook(_) => ("MP-CON-132", K::NotFound),
            Self::Webhook(_) => ("MP-CON-133", K::Invalid),
            Self::Internal(_) => ("MP-CON-099", K::Internal),
        }
    }
}
