//! People whom the provider knows: it proves who they are, the console has their role and second factor.

use std::{borrow::Cow, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{
    Core,
    openid::Asked,
    outsiders::Outsider,
    sign_in::{Failure, NewSession},
};
use crate::{
    domain::{AccountOrigin, Refusal, UnixMillis},
    openid::{OpenidError, OpenidSettings, Person, SignInAsked},
    repository::Account,
    secret::{Secret, new_id},
};

/// How long somebody may take to sign in at the provider, and then to type in a code.
pub(crate) const SIGN_IN_SECONDS: i64 = 10 * 60;
/// For what a sign-in under way is sealed.
const PLACE: &str = "sign-in under way";
/// Most characters of what the provider says that are told in the audit log.
const MAX_REASON: usize = 500;

/// What the provider sent somebody back with.
#[derive(Clone, Debug)]
pub(crate) struct SentBack {
    pub(crate) state: String,
    pub(crate) code: Option<Secret>,
    /// Why it did not let him in (RFC 6749, 4.1.2.1).
    pub(crate) error: Option<String>,
    /// Who it says it is (RFC 9207).
    pub(crate) issuer: Option<String>,
}

/// How an answer of the provider ends.
#[derive(Debug)]
pub(crate) enum Answered {
    Session(NewSession),
    /// The code of a second factor is still missing; this is what it is to come with.
    CodeNeeded(Secret),
}

/// A sign-in under way, as the browser keeps it: sealed, so that nobody can read or make one.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    /// It is used once.
    id: String,
    /// When it is over, as [`UnixMillis`].
    expires: i64,
    step: Step,
}

#[derive(Serialize, Deserialize)]
enum Step {
    /// Somebody was sent to the provider.
    Asked(SignInAsked),
    /// The provider has said who he is, and a code is missing: the account's name, and what the provider knows it by.
    Proved(String, String),
}

impl Core {
    /// Begins a sign-in. Gives the provider's address for it, and what the browser has to keep.
    pub(crate) async fn begin_openid(&self, from: IpAddr) -> Result<(String, Secret), Refusal> {
        self.limiter.begin(from, self.now())?;
        let begun = match self.openid().await? {
            Ok(asked) => asked.provider.ask(),
            Err(error) => Err(error),
        };
        let (address, asked) = begun.map_err(|error| {
            tracing::warn!(error = %error, "The OpenID Connect provider cannot be asked");
            Refusal::OpenidAway
        })?;
        Ok((address, self.under_way(Step::Asked(asked))?))
    }

    /// Ends a sign-in with what the provider has sent somebody back with.
    pub(crate) async fn answer_openid(
        &self,
        kept: Option<&str>,
        sent: SentBack,
        from: IpAddr,
    ) -> Result<Answered, Refusal> {
        self.limiter.attempt(from, None, self.now())?;
        match self.prove_by_openid(kept, sent, from).await? {
            Ok(account) if account.second_factor.is_empty() => {
                self.limiter.succeeded(from, None);
                self.begin_session(&account, from, BY_PROVIDER).await.map(Answered::Session)
            }
            Ok(account) => {
                self.limiter.unfinished(from, None);
                let proved = Step::Proved(account.name, account.external_id);
                self.under_way(proved).map(Answered::CodeNeeded)
            }
            Err((name, failure)) => Err(self.openid_failed(&name, failure, from).await?),
        }
    }

    /// Ends a sign-in with the code of a second factor, after the provider has said who somebody is.
    pub(crate) async fn code_after_openid(
        &self,
        kept: Option<&str>,
        code: &Secret,
        from: IpAddr,
    ) -> Result<NewSession, Refusal> {
        self.limiter.attempt(from, None, self.now())?;
        let Some(UnderWay { id, expires, step: Step::Proved(name, external_id) }) = self.kept_under_way(kept)
        else {
            return Err(self.openid_failed("", lost("there is no proof of the provider's"), from).await?);
        };
        let account = self.database.account(&name).await?.filter(|account| {
            account.origin == AccountOrigin::OpenidConnect && account.external_id == external_id
        });
        let Some(account) = account else {
            return Err(self.openid_failed(&name, lost("the account is gone"), from).await?);
        };
        let proved = match self.shut_out(&account) {
            None => self.prove_second_factor(account, Some(code)).await?,
            Some(reason) => Err(shut_out(account, reason)),
        };
        match proved {
            Ok(account) if self.database.use_once(&id, self.now(), UnixMillis(expires)).await? => {
                self.limiter.succeeded(from, None);
                self.begin_session(&account, from, BY_PROVIDER).await
            }
            Ok(_) => Err(self.openid_failed(&name, lost("it was used before"), from).await?),
            Err(failure) => Err(self.openid_failed(&name, failure, from).await?),
        }
    }

    /// Who somebody proves to be by what the provider has sent him back with.
    async fn prove_by_openid(
        &self,
        kept: Option<&str>,
        sent: SentBack,
        from: IpAddr,
    ) -> Result<Result<Account, (String, Failure)>, Refusal> {
        let unknown = |failure| Ok(Err((String::new(), failure)));
        let Some(UnderWay { id, expires, step: Step::Asked(begun) }) = self.kept_under_way(kept) else {
            return unknown(lost("this browser began none, or it took too long"));
        };
        if begun.state != sent.state {
            return unknown(lost("it is the answer to another one"));
        }
        if !self.database.use_once(&id, self.now(), UnixMillis(expires)).await? {
            return unknown(lost("it was answered before"));
        }
        let asked = match self.openid().await? {
            Ok(asked) => asked,
            Err(error) => return unknown(refused(&error)),
        };
        if sent.issuer.is_some_and(|issuer| issuer != asked.settings.issuer) {
            return unknown(lost("it is the answer of another provider"));
        }
        let Some(code) = sent.code else {
            let word = sent.error.as_deref().map(word).unwrap_or_default();
            let reason = format!("the provider did not let him in: {word}").into();
            return unknown(Failure { account: None, reason, refusal: Refusal::OpenidRefused(word) });
        };
        let person = match self.redeem(&asked, code, begun).await {
            Ok(person) => person,
            Err(error) => return unknown(refused(&error)),
        };
        let known = self.account_of_person(&asked.settings, &person, from).await?;
        Ok(known.map_err(|failure| (person.name, failure)))
    }

    /// Gives the code for a token, and believes the token.
    async fn redeem(&self, asked: &Asked, code: Secret, begun: SignInAsked) -> Result<Person, OpenidError> {
        let (provider, now) = (&asked.provider, self.now());
        let proof = provider.redeem(asked.secret.clone(), code.reveal().to_owned(), begun, now).await?;
        match provider.person(&proof).await {
            Err(OpenidError::Key) => self.openid_anew(asked).await?.person(&proof).await,
            proved => proved,
        }
    }

    /// The account of somebody whom the provider knows, with the role that his groups have now.
    async fn account_of_person(
        &self,
        settings: &OpenidSettings,
        person: &Person,
        from: IpAddr,
    ) -> Result<Result<Account, Failure>, Refusal> {
        let failed = |reason: &'static str, refusal| {
            Ok(Err(Failure { account: None, reason: Cow::Borrowed(reason), refusal }))
        };
        let Some(role) = settings.access(&person.groups) else {
            return failed("none of the groups has a role", Refusal::NoRole);
        };
        if super::people::check_name(&person.name).is_err() {
            return failed(
                "the name that the provider gives cannot be an account's",
                Refusal::OpenidNotProved,
            );
        }
        let outsider = Outsider {
            origin: AccountOrigin::OpenidConnect,
            id: format!("{} {}", settings.issuer, person.subject),
            name: &person.name,
            // Unlike the subject it is not said to be one person's alone (OpenID Connect Core 1.0, 5.7).
            own_name: false,
            access: role.access(),
            action: "got a role from the OpenID Connect provider",
            by: format!("by group {}", role.group),
        };
        match self.account_of(&outsider, from).await {
            Ok(account) => Ok(match self.shut_out(&account) {
                None => Ok(account),
                Some(reason) => Err(shut_out(account, reason)),
            }),
            Err(taken @ Refusal::NameTaken(_)) => failed("the account of this name is another one", taken),
            Err(other) => Err(other),
        }
    }

    /// Counts and tells a failure. Nobody was guessing when the provider was away, or did not let somebody in.
    async fn openid_failed(&self, name: &str, failure: Failure, from: IpAddr) -> Result<Refusal, Refusal> {
        if matches!(failure.refusal, Refusal::OpenidAway | Refusal::OpenidRefused(_)) {
            self.limiter.unfinished(from, None);
        }
        self.failed(if name.is_empty() { "(by OpenID Connect)" } else { name }, failure, from).await
    }

    fn under_way(&self, step: Step) -> Result<Secret, Refusal> {
        let expires = self.now().plus(SIGN_IN_SECONDS * UnixMillis::SECOND);
        let text = serde_json::to_string(&UnderWay { id: new_id()?, expires: expires.0, step });
        let text = Secret::new(text.map_err(Refusal::internal)?);
        self.authority.sealer.seal(PLACE, &text).map(Secret::new)
    }

    /// A sign-in under way, if it is one of ours and not over.
    fn kept_under_way(&self, kept: Option<&str>) -> Option<UnderWay> {
        let text = self.authority.sealer.open(PLACE, kept?).ok()?;
        let under_way: UnderWay = serde_json::from_str(text.reveal()).ok()?;
        (self.now().0 < under_way.expires).then_some(under_way)
    }
}

/// What the audit log says of a session.
const BY_PROVIDER: &str = "by the OpenID Connect provider";

fn shut_out(account: Account, reason: &'static str) -> Failure {
    Failure { account: Some(account), reason: reason.into(), refusal: Refusal::OpenidShutOut }
}

fn lost(reason: &'static str) -> Failure {
    Failure {
        account: None,
        reason: format!("no sign-in under way: {reason}").into(),
        refusal: Refusal::OpenidLost,
    }
}

fn refused(error: &OpenidError) -> Failure {
    let refusal = match error {
        OpenidError::Away(_)
        | OpenidError::Client(_)
        | OpenidError::Certificates
        | OpenidError::Answer(_) => Refusal::OpenidAway,
        OpenidError::Code(_) | OpenidError::Key | OpenidError::Token(_) | OpenidError::Name(_) => {
            Refusal::OpenidNotProved
        }
    };
    let reason: String = format!("the provider: {error}").chars().take(MAX_REASON).collect();
    Failure { account: None, reason: reason.into(), refusal }
}

/// The provider's word for why, if it is one: what else it says comes by way of the browser, and anybody may have written it.
fn word(error: &str) -> String {
    let is_word = |text: &str| {
        (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if is_word(error) { error.to_owned() } else { "it does not say why".to_owned() }
}
