//! Data keys, and their records: `docs/formats/sealed.md`, section 2.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};
use serde::{Deserialize, Serialize};

use super::{
    KeyError, KeyId, MAX_RECORD,
    key_file::{KEY_LEN, WrappingKey, random},
};

const FORMAT: u32 = 1;

/// Name of a data key: 16 random bytes, shown as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataKeyId(pub(super) [u8; 16]);

impl fmt::Display for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The key of one data set. It seals nothing itself: each file has a key that follows from it and the file's salt.
pub(crate) struct DataKey {
    id: DataKeyId,
    bytes: [u8; KEY_LEN],
}

impl DataKey {
    pub(super) fn new() -> Result<Self, KeyError> {
        Ok(Self { id: DataKeyId(random()?), bytes: random()? })
    }

    pub(super) fn id(&self) -> DataKeyId {
        self.id
    }

    /// The key of the file with this salt (HKDF-SHA256, RFC 5869).
    pub(super) fn of_file(&self, salt: &[u8]) -> LessSafeKey {
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&self.bytes);
        let derived = derived.expand(&[b"metaprofiles sealed file 1"], &AES_256_GCM);
        LessSafeKey::new(UnboundKey::from(derived.expect("one block is not too long")))
    }
}

/// A wrapped data key, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Text {
    format: u32,
    data_key: String,
    wrapped_by: String,
    wrapped: String,
}

/// A data key, wrapped.
pub(super) struct Record {
    id: DataKeyId,
    pub(super) wrapped_by: KeyId,
    /// Nonce, key, tag.
    wrapped: Vec<u8>,
}

impl Record {
    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_RECORD {
            return Err(KeyError::RecordDamaged("it is too long"));
        }
        let text: Text =
            serde_json::from_str(text).map_err(|_| KeyError::RecordDamaged("it cannot be read"))?;
        if text.format != FORMAT {
            return Err(KeyError::RecordDamaged("it is of another version of this software"));
        }
        let id = Some(&text.data_key)
            .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let id = id.and_then(|id| u128::from_str_radix(id, 16).ok());
        let wrapped = STANDARD.decode(&text.wrapped).ok();
        match (id, text.wrapped_by.parse(), wrapped) {
            (Some(id), Ok(wrapped_by), Some(wrapped)) => {
                Ok(Self { id: DataKeyId(id.to_be_bytes()), wrapped_by, wrapped })
            }
            _ => Err(KeyError::RecordDamaged("it cannot be read")),
        }
    }

    pub(super) fn text(&self) -> String {
        let text = Text {
            format: FORMAT,
            data_key: self.id.to_string(),
            wrapped_by: self.wrapped_by.to_string(),
            wrapped: STANDARD.encode(&self.wrapped),
        };
        serde_json::to_string(&text).expect("this type has no keys that are not texts")
    }

    /// Wraps a data key, for one data set alone.
    pub(super) fn wrap(data_key: &DataKey, context: &[u8], key: &WrappingKey) -> Result<Self, KeyError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = data_key.bytes.to_vec();
        wrapping(key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound(data_key.id, context)),
                &mut sealed,
            )
            .expect("a key is not too long to be sealed");
        let wrapped = [&nonce[..], &sealed].concat();
        Ok(Self { id: data_key.id, wrapped_by: key.id(), wrapped })
    }

    pub(super) fn unwrap(mut self, context: &[u8], key: &WrappingKey) -> Result<DataKey, KeyError> {
        let damaged = || KeyError::RecordDamaged("it does not open");
        let (nonce, sealed) = self.wrapped.split_first_chunk_mut::<NONCE_LEN>().ok_or_else(damaged)?;
        let opened = wrapping(key).open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(bound(self.id, context)),
            sealed,
        );
        let bytes = opened.ok().and_then(|bytes| <[u8; KEY_LEN]>::try_from(&*bytes).ok());
        Ok(DataKey { id: self.id, bytes: bytes.ok_or_else(damaged)? })
    }
}

fn wrapping(key: &WrappingKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.bytes()).expect("the key has the right length"))
}

fn bound(id: DataKeyId, context: &[u8]) -> Vec<u8> {
    [b"metaprofiles data key 1\0", &id.0[..], context].concat()
}
