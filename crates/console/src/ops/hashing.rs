use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use super::Core;
use crate::{domain::Refusal, secret::Secret};

/// Lengths of a password, in characters. The upper one bounds the work, not the strength.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// The hash of no password, so that an unknown name takes as long as a known one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("").ok());

impl Core {
    /// Argon2id of a password, with a salt of its own.
    pub(super) async fn hash_password(&self, password: &Secret) -> Result<String, Refusal> {
        if !is_password(password) {
            return Err(Refusal::PasswordLength);
        }
        let password = password.clone();
        self.hashing(move || hash(password.reveal())).await?
    }

    /// Whether a password is the one of a hash; never, but as slowly, for `None`.
    pub(super) async fn verify_password(
        &self,
        password: &Secret,
        hash: Option<&str>,
    ) -> Result<bool, Refusal> {
        // What cannot be a password is refused before it costs anything; its length tells nothing.
        if password.reveal().chars().count() > *PASSWORD_LENGTH.end() {
            return Ok(false);
        }
        let known = hash.is_some();
        let (password, hash) = (password.clone(), hash.map(str::to_owned));
        let right = self
            .hashing(move || {
                let hash = hash.or_else(|| NOBODY.clone()).unwrap_or_default();
                PasswordHash::new(&hash).is_ok_and(|hash| {
                    Argon2::default().verify_password(password.reveal().as_bytes(), &hash).is_ok()
                })
            })
            .await?;
        Ok(right && known)
    }

    /// Runs work that takes long, a little of it at a time.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _permit = self.hashing.acquire().await.map_err(Refusal::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Refusal::internal)
    }
}

/// Whether a text has the length of a password.
pub(crate) fn is_password(password: &Secret) -> bool {
    PASSWORD_LENGTH.contains(&password.reveal().chars().count())
}

fn hash(password: &str) -> Result<String, Refusal> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| Refusal::internal(error.to_string()))?;
    Ok(hash.to_string())
}
