//! Second factors: codes of an authenticator by time (RFC 6238), and recovery codes for when it is lost.

use qrcode::{QrCode, render::svg};
use totp_rs::{Builder, Totp};

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    domain::{Refusal, SignInPolicy, UnixMillis, name_key},
    repository::{Account, Setting},
    secret::{Secret, new_recovery_code, random, stored_hash},
};

/// What authenticators show beside the account's name.
const ISSUER: &str = "MetaProfiles";
/// Recovery codes that somebody gets at a time.
const RECOVERY_CODES: usize = 10;
/// Smallest width and height of the picture of an enrolment, in pixels.
const PICTURE: u32 = 240;

/// What an authenticator has to be told. It is told once.
#[derive(Debug)]
pub(crate) struct Enrolment {
    /// Base32, for typing in.
    pub(crate) secret: Secret,
    /// `otpauth://totp/…`
    pub(crate) uri: Secret,
    /// The URI as a QR code, SVG.
    pub(crate) picture: Secret,
}

/// What somebody has of a second factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecondFactorState {
    pub(crate) enrolled: bool,
    pub(crate) recovery_codes: i64,
    pub(crate) required: bool,
}

impl Core {
    /// What the caller has.
    pub(crate) async fn second_factor(&self, caller: &Administrator) -> Result<SecondFactorState, Refusal> {
        let policy: Setting<SignInPolicy> = self.database.setting(SignInPolicy::NAME).await?;
        Ok(SecondFactorState {
            enrolled: caller.has_second_factor(),
            recovery_codes: self.database.recovery_codes(&caller.account).await?,
            required: policy.value.second_factor_required,
        })
    }

    /// Makes the secret of an authenticator. It counts when a first code of it has come.
    pub(crate) async fn begin_second_factor(&self, caller: &Administrator) -> Result<Enrolment, Refusal> {
        let account = &caller.account;
        if !account.second_factor.is_empty() {
            return Err(Refusal::SecondFactorThere);
        }
        let totp = authenticator(account, random::<20>()?.to_vec())?;
        let secret = Secret::new(totp.secret().to_base32());
        let uri = Secret::new(totp.to_url().map_err(Refusal::internal)?);
        let picture = QrCode::new(uri.reveal()).map_err(Refusal::internal)?;
        let picture = picture.render::<svg::Color<'_>>().min_dimensions(PICTURE, PICTURE).build();
        let sealed = self.authority.sealer.seal(&place(account), &secret)?;
        let mut write = self.write().await?;
        write.set_pending_second_factor(account, &sealed).await?;
        write.commit(caller.did("began to enrol a second factor", String::new(), String::new())).await?;
        Ok(Enrolment { secret, uri, picture: Secret::new(picture) })
    }

    /// Makes the second factor count by its first code. Gives the recovery codes; other sessions end.
    pub(crate) async fn confirm_second_factor(
        &self,
        caller: &Administrator,
        code: &Secret,
    ) -> Result<Vec<Secret>, Refusal> {
        let account = &caller.account;
        if !account.second_factor.is_empty() {
            return Err(Refusal::SecondFactorThere);
        }
        if account.pending_second_factor.is_empty() {
            return Err(Refusal::NoSecondFactor);
        }
        let key = name_key(&account.name);
        self.limiter.attempt(caller.from, Some(&key), self.now())?;
        let step = self.step_of(account, &account.pending_second_factor, code)?.ok_or(Refusal::WrongCode)?;
        self.limiter.succeeded(caller.from, Some(&key));
        let (codes, hashes) = new_recovery_codes(account)?;
        let mut write = self.write().await?;
        write.set_second_factor(account, &account.pending_second_factor, step, &hashes).await?;
        write.end_sessions(account, &caller.session).await?;
        write.commit(caller.did("enrolled a second factor", String::new(), String::new())).await?;
        Ok(codes)
    }

    /// Gives the caller other recovery codes, for a code.
    pub(crate) async fn renew_recovery_codes(
        &self,
        caller: &Administrator,
        code: &Secret,
    ) -> Result<Vec<Secret>, Refusal> {
        self.require_code(caller, code).await?;
        let (codes, hashes) = new_recovery_codes(&caller.account)?;
        let mut write = self.write().await?;
        write.set_recovery_codes(&caller.account, &hashes).await?;
        write.commit(caller.did("made new recovery codes", String::new(), String::new())).await?;
        Ok(codes)
    }

    /// Takes the caller's second factor away, for a code.
    pub(crate) async fn remove_second_factor(
        &self,
        caller: &Administrator,
        code: &Secret,
    ) -> Result<(), Refusal> {
        self.require_code(caller, code).await?;
        let mut write = self.write().await?;
        write.set_second_factor(&caller.account, "", 0, &[]).await?;
        write.commit(caller.did("removed the second factor", String::new(), String::new())).await
    }

    /// Takes somebody else's second factor away, who has lost it, and ends his sessions.
    pub(crate) async fn reset_second_factor(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let account = super::people::found(&mut write, name, expected).await?;
        if account.id == caller.account.id {
            return Err(Refusal::OwnAccount);
        }
        if account.second_factor.is_empty() {
            return Err(Refusal::NoSecondFactor);
        }
        write.set_second_factor(&account, "", 0, &[]).await?;
        write.end_sessions(&account, "").await?;
        let subject = format!("administrator {}", account.name);
        write.commit(caller.did("reset the second factor", subject, String::new())).await
    }

    /// What the farm wants of those who sign in.
    pub(crate) async fn sign_in_policy(&self, _: &Administrator) -> Result<Tagged<SignInPolicy>, Refusal> {
        let found: Setting<SignInPolicy> = self.database.setting(SignInPolicy::NAME).await?;
        Ok(Tagged { item: found.value, tag: found.version.to_string() })
    }

    pub(crate) async fn set_sign_in_policy(
        &self,
        caller: &Administrator,
        expected: &Expected,
        policy: SignInPolicy,
    ) -> Result<Tagged<SignInPolicy>, Refusal> {
        let mut write = self.write().await?;
        let before: Setting<SignInPolicy> = write.setting(SignInPolicy::NAME).await?;
        expected.require(&before.version.to_string())?;
        write.set_setting(SignInPolicy::NAME, &policy, "").await?;
        let tag = write.revision.to_string();
        let subject = "policy for signing in".to_owned();
        let text = |policy: SignInPolicy| {
            format!("second factor {}", if policy.second_factor_required { "required" } else { "by choice" })
        };
        let change = (text(before.value), text(policy));
        write.commit(caller.changed(subject, change.0, change.1)).await?;
        Ok(Tagged { item: policy, tag })
    }

    /// Whether a code is good; it is used up by that.
    pub(super) async fn use_code(&self, account: &Account, code: &Secret) -> Result<bool, Refusal> {
        let text = normal(code.reveal());
        if text.len() == 6 {
            match self.step_of(account, &account.second_factor, code)? {
                Some(step) => self.database.use_code(account, step).await,
                None => Ok(false),
            }
        } else {
            self.database.use_recovery_code(account, &recovery_hash(account, &text)).await
        }
    }

    async fn require_code(&self, caller: &Administrator, code: &Secret) -> Result<(), Refusal> {
        if caller.account.second_factor.is_empty() {
            return Err(Refusal::NoSecondFactor);
        }
        let key = name_key(&caller.account.name);
        self.limiter.attempt(caller.from, Some(&key), self.now())?;
        if !self.use_code(&caller.account, code).await? {
            return Err(Refusal::WrongCode);
        }
        self.limiter.succeeded(caller.from, Some(&key));
        Ok(())
    }

    /// The time step of a code, if it is one of now.
    fn step_of(&self, account: &Account, sealed: &str, code: &Secret) -> Result<Option<i64>, Refusal> {
        let secret = self.authority.sealer.open(&place(account), sealed)?;
        let secret = totp_rs::Secret::try_from_base32(secret.reveal())
            .map_err(|error| Refusal::internal(error.to_string()))?;
        let totp = authenticator(account, secret.as_bytes().to_vec())?;
        let seconds = u64::try_from(self.now().0 / UnixMillis::SECOND).unwrap_or(0);
        let step = totp.check(&normal(code.reveal()), seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }
}

fn authenticator(account: &Account, secret: Vec<u8>) -> Result<Totp, Refusal> {
    Builder::new()
        .with_secret(secret)
        .with_issuer(Some(ISSUER))
        // It separates issuer and name in the URI.
        .with_account_name(account.name.replace(':', "_"))
        .build()
        .map_err(Refusal::internal)
}

/// For what the secret of an account is sealed.
fn place(account: &Account) -> String {
    format!("second factor of {}", account.id)
}

/// A code as it is compared: without what people put between its parts.
fn normal(code: &str) -> String {
    code.chars().filter(|letter| letter.is_alphanumeric()).take(64).collect::<String>().to_lowercase()
}

fn recovery_hash(account: &Account, normal: &str) -> String {
    stored_hash(&format!("{}:{normal}", account.id))
}

fn new_recovery_codes(account: &Account) -> Result<(Vec<Secret>, Vec<String>), Refusal> {
    let codes = (0..RECOVERY_CODES).map(|_| new_recovery_code()).collect::<Result<Vec<_>, _>>()?;
    let hashes = codes.iter().map(|code| recovery_hash(account, &normal(code.reveal()))).collect();
    Ok((codes, hashes))
}
