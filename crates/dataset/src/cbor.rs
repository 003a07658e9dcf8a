//! CBOR maps with integer keys, written to memory and read from a record, with the fields of later versions kept.

use minicbor::{Decoder, Encoder, data::Type};

use crate::{DecodeError, EncodeError, Limits, Part, Place, UnknownFields, error::to_u64};

/// Writes one map of definite length.
pub(crate) struct MapWriter {
    out: Vec<u8>,
}

impl MapWriter {
    pub(crate) fn new(fields: usize) -> Self {
        let mut writer = Self { out: Vec::new() };
        writer.put(|encoder| encoder.map(to_u64(fields)).map(drop));
        writer
    }

    pub(crate) fn uint(&mut self, key: u64, number: u64) {
        self.put(|encoder| encoder.u64(key)?.u64(number).map(drop));
    }

    pub(crate) fn text(&mut self, key: u64, text: &str) {
        self.put(|encoder| encoder.u64(key)?.str(text).map(drop));
    }

    /// A field whose value, a byte string, the caller writes behind.
    pub(crate) fn bytes_head(&mut self, key: u64, len: usize) {
        self.put(|encoder| encoder.u64(key)?.bytes_len(to_u64(len)).map(drop));
    }

    pub(crate) fn byte_strings(&mut self, key: u64, strings: impl ExactSizeIterator<Item = Vec<u8>>) {
        self.put(|encoder| encoder.u64(key)?.array(to_u64(strings.len())).map(drop));
        for bytes in strings {
            self.put(|encoder| encoder.bytes(&bytes).map(drop));
        }
    }

    /// A field whose value is encoded already.
    pub(crate) fn encoded(&mut self, key: u64, value: &[u8]) {
        self.put(|encoder| encoder.u64(key).map(drop));
        self.out.extend_from_slice(value);
    }

    /// Writes fields of a later version back, after the map's own fields, whose keys are 1 to `own`.
    pub(crate) fn unknown(
        &mut self,
        map: &'static str,
        own: u64,
        fields: &UnknownFields,
        limits: &Limits,
    ) -> Result<(), EncodeError> {
        EncodeError::limit(|| format!("the unknown fields of {map}"), fields.0.len(), limits.unknown_fields)?;
        for (index, (key, value)) in fields.0.iter().enumerate() {
            let refuse = |problem| Err(EncodeError::UnknownField { map, key: *key, problem });
            if (1..=own).contains(key) {
                return refuse("this version uses the key itself");
            }
            if fields.0[..index].iter().any(|(earlier, _)| earlier == key) {
                return refuse("the key is there twice");
            }
            let mut decoder = Decoder::new(value);
            if skip(&mut decoder, limits.nesting).is_err() || decoder.position() != value.len() {
                return refuse("its value is not exactly one CBOR item, or is nested too deep");
            }
            self.encoded(*key, value);
        }
        Ok(())
    }

    /// What was written since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn put(
        &mut self,
        write: impl FnOnce(
            &mut Encoder<&mut Vec<u8>>,
        ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>>,
    ) {
        write(&mut Encoder::new(&mut self.out)).expect("writing to memory does not fail");
    }
}

/// Reads one map of definite length, from which nothing may be left over.
pub(crate) struct MapReader<'a> {
    decoder: Decoder<'a>,
    part: Part,
    limits: &'a Limits,
    left: u64,
    seen: u64,
    last: u64,
    /// Where the item that was read last begins, for messages.
    item: usize,
}

impl<'a> MapReader<'a> {
    pub(crate) fn new(bytes: &'a [u8], part: Part, limits: &'a Limits) -> Result<Self, DecodeError> {
        let mut reader =
            Self { decoder: Decoder::new(bytes), part, limits, left: 0, seen: 0, last: 0, item: 0 };
        reader.left = reader.get("a map of definite length", |decoder| decoder.map())?.ok_or_else(|| {
            reader.malformed("a map of definite length", "one of indefinite length".to_owned())
        })?;
        Ok(reader)
    }

    /// The next field's key. The caller then reads the value.
    pub(crate) fn next_key(&mut self) -> Result<Option<u64>, DecodeError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.last = self.get("a field's key", Decoder::u64)?;
        if let Some(bit) = u32::try_from(self.last).ok().and_then(|key| 1_u64.checked_shl(key)) {
            if self.seen & bit != 0 {
                return Err(self.malformed("fields that occur once", format!("field {} twice", self.last)));
            }
            self.seen |= bit;
        }
        Ok(Some(self.last))
    }

    pub(crate) fn uint(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        self.get(expected, Decoder::u64)
    }

    pub(crate) fn count(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        let count = self.uint(what)?;
        usize::try_from(count).ok().filter(|count| *count <= max).ok_or_else(|| DecodeError::Limit {
            at: self.place(),
            what,
            found: count,
            max: to_u64(max),
        })
    }

    pub(crate) fn text(&mut self, expected: &'static str) -> Result<String, DecodeError> {
        let text = self.get(expected, |decoder| decoder.str())?;
        self.limit(expected, text.len(), self.limits.text)?;
        Ok(text.to_owned())
    }

    pub(crate) fn bytes(&mut self, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        self.get(expected, |decoder| decoder.bytes())
    }

    /// An array of byte strings, each converted by `read`, which gives `None` for one that it refuses.
    pub(crate) fn byte_strings<T>(
        &mut self,
        expected: &'static str,
        max: usize,
        read: impl Fn(&'a [u8]) -> Option<T>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.get(expected, |decoder| decoder.array())?.unwrap_or(u64::MAX);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.limit(expected, count, max)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            let bytes = self.bytes(expected)?;
            let item = read(bytes)
                .ok_or_else(|| self.malformed(expected, format!("{} other bytes", bytes.len())))?;
            items.push(item);
        }
        Ok(items)
    }

    /// The map that is the value of the field just named.
    pub(crate) fn map(&mut self) -> Result<MapReader<'a>, DecodeError> {
        let bytes = self.encoded()?;
        Self::new(bytes, self.part.clone(), self.limits)
    }

    /// Keeps the field just named, which this version does not know.
    pub(crate) fn keep(&mut self, fields: &mut UnknownFields) -> Result<(), DecodeError> {
        let key = self.last;
        if fields.0.iter().any(|(earlier, _)| *earlier == key) {
            return Err(self.malformed("fields that occur once", format!("field {key} twice")));
        }
        self.limit("number of unknown fields", fields.0.len() + 1, self.limits.unknown_fields)?;
        let value = self.encoded()?.to_vec();
        fields.0.push((key, value));
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<(), DecodeError> {
        self.item = self.decoder.position();
        let more = self.decoder.input().len() - self.item;
        if more == 0 {
            return Ok(());
        }
        Err(self.malformed("the end of the map", format!("{more} more bytes")))
    }

    pub(crate) fn malformed(&self, expected: &'static str, found: String) -> DecodeError {
        DecodeError::Malformed { at: self.place(), expected, found }
    }

    pub(crate) fn limit(&self, what: &'static str, found: usize, max: usize) -> Result<(), DecodeError> {
        if found <= max {
            return Ok(());
        }
        Err(DecodeError::Limit { at: self.place(), what, found: to_u64(found), max: to_u64(max) })
    }

    fn encoded(&mut self) -> Result<&'a [u8], DecodeError> {
        let (start, nesting) = (self.decoder.position(), self.limits.nesting);
        self.get("one CBOR item that is not nested too deep", |decoder| skip(decoder, nesting))?;
        Ok(self.decoder.input().get(start..self.decoder.position()).unwrap_or_default())
    }

    fn get<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, minicbor::decode::Error>,
    ) -> Result<T, DecodeError> {
        self.item = self.decoder.position();
        read(&mut self.decoder).map_err(|error| self.malformed(expected, error.to_string()))
    }

    fn place(&self) -> Place {
        Place { part: self.part.clone(), offset: to_u64(self.item) }
    }
}

/// Skips one item with at most `nesting` arrays, maps and tags around each other.
fn skip(decoder: &mut Decoder<'_>, nesting: usize) -> Result<(), minicbor::decode::Error> {
    let deeper = || {
        let error = || minicbor::decode::Error::message("nested too deep");
        nesting.checked_sub(1).ok_or_else(error)
    };
    let items = match decoder.datatype()? {
        Type::Array | Type::ArrayIndef => decoder.array()?,
        Type::Map | Type::MapIndef => match decoder.map()? {
            Some(pairs) => {
                let too_many = || minicbor::decode::Error::message("a map of too many entries");
                Some(pairs.checked_mul(2).ok_or_else(too_many)?)
            }
            None => None,
        },
        Type::Tag => {
            decoder.tag()?;
            return skip(decoder, deeper()?);
        }
        Type::Break | Type::Unknown(_) => return Err(minicbor::decode::Error::message("no CBOR item")),
        _ => return decoder.skip(),
    };
    let nesting = deeper()?;
    match items {
        Some(count) => (0..count).try_for_each(|_| skip(decoder, nesting)),
        None => {
            while decoder.datatype()? != Type::Break {
                skip(decoder, nesting)?;
            }
            decoder.set_position(decoder.position() + 1);
            Ok(())
        }
    }
}
