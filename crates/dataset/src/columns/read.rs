use std::sync::Arc;

use mp_registry::{FileTime, KeyAction, KeyEdit, Name, Value, ValueEdit, ValueType};

use super::{
    ACTION_BITS, ACTIONS, BYTES, CLASS_BIT, CLASSES, ColumnId, DWORDS, FORMS, GAPS, GUIDS, KEY_NAMES, KEYS,
    LENGTHS, RUNS, SHAPE, TEXTS, TIMES, VALUE_NAMES, VALUES, form, input::Input,
};
use crate::{DecodeError, Limits, Part, cbor::MapReader, error::to_u64};

/// Reads the payload of the registry record.
pub(crate) fn read(payload: &[u8], limits: &Limits) -> Result<KeyEdit, DecodeError> {
    let mut map = MapReader::new(payload, Part::Registry, limits)?;
    let mut columns: [&[u8]; 17] = [&[]; 17];
    let (mut keys, mut values) = (0, 0);
    while let Some(key) = map.next_key()? {
        match usize::try_from(key) {
            Ok(1) => keys = map.count("the number of keys", limits.keys)?,
            Ok(2) => values = map.count("the number of values", limits.values)?,
            Ok(index @ 3..17) => columns[index] = map.bytes("a column")?,
            _ => return Err(map.malformed("a column of this format version", format!("column {key}"))),
        }
    }
    map.finish()?;
    debug_assert_eq!((KEYS.0, VALUES.0), (1, 2));
    let input = |id: ColumnId| {
        let column = usize::try_from(id.0).ok().and_then(|index| columns.get(index)).copied();
        Input::new(id, column.unwrap_or_default())
    };
    let mut reader = Reader {
        limits,
        shape: input(SHAPE),
        actions: input(ACTIONS),
        forms: input(FORMS),
        lengths: input(LENGTHS),
        dwords: input(DWORDS),
        key_names: input(KEY_NAMES),
        value_names: input(VALUE_NAMES),
        texts: input(TEXTS),
        runs: input(RUNS),
        gaps: input(GAPS),
        guids: input(GUIDS),
        bytes: input(BYTES),
        times: input(TIMES),
        classes: input(CLASSES),
        no_actions: input(ACTIONS).is_absent(),
        no_times: input(TIMES).is_absent(),
        keys_left: keys,
        values_left: values,
        units: Vec::new(),
        data: Vec::new(),
    };
    let root = reader.tree()?;
    reader.finish()?;
    Ok(root)
}

/// A key of which not all sub-keys were read yet.
struct OpenKey {
    key: KeyEdit,
    subkeys: Vec<KeyEdit>,
    left: usize,
}

struct Reader<'a> {
    limits: &'a Limits,
    shape: Input<'a>,
    actions: Input<'a>,
    forms: Input<'a>,
    lengths: Input<'a>,
    dwords: Input<'a>,
    key_names: Input<'a>,
    value_names: Input<'a>,
    texts: Input<'a>,
    runs: Input<'a>,
    gaps: Input<'a>,
    guids: Input<'a>,
    bytes: Input<'a>,
    times: Input<'a>,
    classes: Input<'a>,
    no_actions: bool,
    no_times: bool,
    /// Keys and values that were counted and not yet announced by the shape of a key. Memory taken in advance stays within
    /// them, and they within the limits.
    keys_left: usize,
    values_left: usize,
    units: Vec<u16>,
    data: Vec<u8>,
}

impl Reader<'_> {
    /// Reads the root with all below it. The keys on the way down are kept on the heap, so that a deep tree needs no stack.
    fn tree(&mut self) -> Result<KeyEdit, DecodeError> {
        self.claim_keys(1)?;
        let mut way: Vec<OpenKey> = Vec::new();
        loop {
            let mut open = self.key(way.len())?;
            while open.left == 0 {
                let key = self.close(open)?;
                let Some(mut parent) = way.pop() else { return Ok(key) };
                parent.subkeys.push(key);
                parent.left -= 1;
                open = parent;
            }
            way.push(open);
        }
    }

    fn key(&mut self, depth: usize) -> Result<OpenKey, DecodeError> {
        let value_count = self.shape.count("the number of values of a key")?;
        self.shape.limit("depth of a key", depth, self.limits.depth)?;
        self.claim_values(value_count)?;
        let left = self.shape.count("the number of sub-keys of a key")?;
        self.claim_keys(left)?;
        let (action, has_class) = self.action()?;
        let (max, what) = (self.limits.key_name, "key name");
        let name = name_of(&mut self.key_names, &mut self.guids, &mut self.units, what, max)?;
        let mut key = KeyEdit::new(name, action);
        if has_class {
            let (max, what) = (self.limits.class_name, "class name");
            key.class = Some(name_of(&mut self.classes, &mut self.guids, &mut self.units, what, max)?);
        }
        if !self.no_times {
            key.last_write = FileTime(u64::from_le_bytes(self.times.array("a time of 8 bytes")?));
        }
        let mut values = Vec::with_capacity(value_count);
        for _ in 0..value_count {
            values.push(self.value()?);
        }
        if !values.is_sorted_by(|a, b| a.name().fold_cmp(b.name()).is_lt()) {
            let found = format!("disorder in key {:?}", key.name);
            return Err(self.value_names.malformed("value names in order, each once", found));
        }
        key.replace_values(values);
        Ok(OpenKey { key, subkeys: Vec::with_capacity(left), left })
    }

    fn close(&self, open: OpenKey) -> Result<KeyEdit, DecodeError> {
        let OpenKey { mut key, subkeys, .. } = open;
        if !subkeys.is_sorted_by(|a, b| a.name.fold_cmp(&b.name).is_lt()) {
            let found = format!("disorder in key {:?}", key.name);
            return Err(self.key_names.malformed("key names in order, each once", found));
        }
        key.replace_subkeys(subkeys);
        Ok(key)
    }

    fn action(&mut self) -> Result<(KeyAction, bool), DecodeError> {
        if self.no_actions {
            return Ok((KeyAction::Ensure, false));
        }
        let byte = self.actions.byte("an action")?;
        if byte & !(ACTION_BITS | CLASS_BIT) != 0 {
            return Err(self.actions.malformed("an action of 0 to 7", byte.to_string()));
        }
        let action = match byte & ACTION_BITS {
            0 => KeyAction::Ensure,
            1 => KeyAction::Pass,
            2 => KeyAction::Delete,
            _ => KeyAction::Replace,
        };
        Ok((action, byte & CLASS_BIT != 0))
    }

    fn value(&mut self) -> Result<ValueEdit, DecodeError> {
        let (max, what) = (self.limits.value_name, "value name");
        let name = name_of(&mut self.value_names, &mut self.guids, &mut self.units, what, max)?;
        let code = self.forms.varint("a form")?;
        let (ty, form) = (code >> form::BITS, code & ((1 << form::BITS) - 1));
        let Ok(ty) = u32::try_from(ty).map(ValueType) else {
            return Err(self.forms.malformed("a type of 32 bits", format!("{ty:#x}")));
        };
        let data: Arc<[u8]> = match form {
            form::DELETED if ty == ValueType::NONE => return Ok(ValueEdit::Delete(name)),
            form::TEXT => self.text(&[0, 0])?,
            form::BARE_TEXT => self.text(&[])?,
            form::DWORD => self.dwords.array::<4>("a dword")?.into(),
            form::BYTES => self.data()?,
            _ => {
                return Err(self
                    .forms
                    .malformed("a form of 0 to 4, or a tombstone of type 0", code.to_string()));
            }
        };
        Ok(ValueEdit::Set(Value { name, ty, data }))
    }

    fn text(&mut self, end: &[u8]) -> Result<Arc<[u8]>, DecodeError> {
        self.units.clear();
        let max = self.limits.value.saturating_sub(end.len()) / 2;
        self.texts.text(&mut self.guids, &mut self.units, "text of a value, in units", max)?;
        self.data.clear();
        self.data.extend(self.units.iter().flat_map(|unit| unit.to_le_bytes()));
        self.data.extend_from_slice(end);
        Ok(self.data.as_slice().into())
    }

    /// Puts the data of form bytes together (section 6.3).
    fn data(&mut self) -> Result<Arc<[u8]>, DecodeError> {
        let len = self.lengths.count("the length of a value's data")?;
        self.lengths.limit("length of a value's data", len, self.limits.value)?;
        let mut data = Vec::new();
        loop {
            let code = self.gaps.varint("a gap")?;
            let left = len - data.len();
            let Some(code) = code.checked_sub(1) else {
                let rest = self.bytes.take(left, "the rest of a value's data")?;
                if data.is_empty() {
                    return Ok(rest.into());
                }
                data.extend_from_slice(rest);
                return Ok(data.into());
            };
            let gap = usize::try_from(code >> 1).unwrap_or(usize::MAX);
            data.extend_from_slice(self.bytes.take(gap.min(left), "the bytes before a run")?);
            self.units.clear();
            let room = left.saturating_sub(gap);
            self.runs.text(
                &mut self.guids,
                &mut self.units,
                "run that must fit into its value, in units",
                room / 2,
            )?;
            data.extend(self.units.iter().flat_map(|unit| unit.to_le_bytes()));
            if code & 1 == 1 {
                data.extend_from_slice(&[0, 0]);
            }
            if gap > left || data.len() > len {
                let found = format!("a run that ends at {}", to_u64(data.len()));
                return Err(self.gaps.malformed("runs that fit into their value", found));
            }
        }
    }

    /// Each sub-key takes at least two bytes of shape.
    fn claim_keys(&mut self, count: usize) -> Result<(), DecodeError> {
        let left = self.keys_left.min(self.shape.left() / 2);
        if count > left {
            let found = format!("{count} where there can be {left}");
            return Err(self.shape.malformed("no more keys than are counted and there", found));
        }
        self.keys_left -= count;
        Ok(())
    }

    /// Each value takes at least one byte of forms.
    fn claim_values(&mut self, count: usize) -> Result<(), DecodeError> {
        let left = self.values_left.min(self.forms.left());
        if count > left {
            let found = format!("{count} where there can be {left}");
            return Err(self.shape.malformed("no more values than are counted and there", found));
        }
        self.values_left -= count;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.keys_left + self.values_left > 0 {
            let found = format!("{} keys and {} values fewer", self.keys_left, self.values_left);
            return Err(self.shape.malformed("as many keys and values as are counted", found));
        }
        let columns = [
            &mut self.shape,
            &mut self.actions,
            &mut self.forms,
            &mut self.lengths,
            &mut self.dwords,
            &mut self.key_names,
            &mut self.value_names,
            &mut self.texts,
            &mut self.runs,
            &mut self.gaps,
            &mut self.guids,
            &mut self.bytes,
            &mut self.times,
            &mut self.classes,
        ];
        columns.into_iter().try_for_each(Input::finish)
    }
}

fn name_of(
    column: &mut Input<'_>,
    guids: &mut Input<'_>,
    units: &mut Vec<u16>,
    what: &'static str,
    max: usize,
) -> Result<Name, DecodeError> {
    units.clear();
    column.text(guids, units, what, max)?;
    Ok(Name::from_units(&units[..]))
}
