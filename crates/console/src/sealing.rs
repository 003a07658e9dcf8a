//! Secrets that the console must be able to read again, as they are kept in the database: sealed with a key that is made of the
//! authority's key, which is in a file. Whoever reads the database alone, or a copy of it, learns nothing of them.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};

use crate::{Secret, domain::Refusal, secret::random};

/// What the sealing key is for; another text makes another key of the same authority.
const PURPOSE: &[u8] = b"metaprofiles sealed secrets 1";

/// Seals and opens secrets.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    /// The one that belongs to an authority's key (PKCS #8, DER).
    pub(crate) fn of_authority(key: &[u8]) -> Self {
        let sealing = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), PURPOSE);
        let key = UnboundKey::new(&AES_256_GCM, sealing.as_ref()).expect("SHA-256 has the length of the key");
        Self(LessSafeKey::new(key))
    }

    /// Seals a secret for one place, at which alone it can be opened.
    pub(crate) fn seal(&self, place: &str, secret: &Secret) -> Result<String, Refusal> {
        let nonce = random::<NONCE_LEN>()?;
        let mut bytes = secret.reveal().as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut bytes)
            .map_err(|_| Refusal::internal("a secret cannot be sealed"))?;
        Ok(STANDARD.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// Opens what was sealed for a place.
    pub(crate) fn open(&self, place: &str, sealed: &str) -> Result<Secret, Refusal> {
        let opened = || {
            let bytes = STANDARD.decode(sealed).ok()?;
            let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
            let mut sealed = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let text = self.0.open_in_place(nonce, Aad::from(place), &mut sealed).ok()?;
            String::from_utf8(text.to_vec()).ok()
        };
        let opened = opened().ok_or_else(|| {
            Refusal::internal(format!(
                "the secret of {place} was sealed with another authority's key, or is damaged"
            ))
        })?;
        Ok(Secret::new(opened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_opened_with_its_key_at_its_place_alone() {
        let sealer = Sealer::of_authority(b"key");
        let secret = Secret::new("secret");
        let sealed = sealer.seal("here", &secret).expect("random");
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, sealer.seal("here", &secret).expect("random"));
        assert_eq!(sealer.open("here", &sealed).ok(), Some(secret));
        assert!(sealer.open("there", &sealed).is_err());
        assert!(Sealer::of_authority(b"other").open("here", &sealed).is_err());
        for damaged in ["", "?", "AAAA", &sealed[4..]] {
            assert!(sealer.open("here", damaged).is_err());
        }
    }
}
