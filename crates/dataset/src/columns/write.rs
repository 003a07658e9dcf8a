use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

use super::{
    ACTIONS, BYTES, CLASS_BIT, CLASSES, ColumnId, DWORDS, FORMS, GAPS, GUIDS, KEY_NAMES, KEYS, LENGTHS, RUNS,
    SHAPE, TEXTS, TIMES, VALUE_NAMES, VALUES, form, guid, mark, runs,
};
use crate::{EncodeError, Limits, cbor::MapWriter, error::to_u64, wtf8};

/// The registry record's payload in pieces, each with one column and the CBOR before it, and what it counts.
pub(crate) struct Written {
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) keys: usize,
    pub(crate) values: usize,
}

/// Writes a tree of edits.
pub(crate) fn write(root: &KeyEdit, limits: &Limits) -> Result<Written, EncodeError> {
    let mut writer = Writer::new(limits);
    writer.columns.make_room(&Room::of(root));
    writer.key(root)?;
    let Writer { columns: mut c, keys, values, .. } = writer;
    if c.actions.iter().all(|&action| action == 0) {
        c.actions.clear();
    }
    if c.times.iter().all(|&byte| byte == 0) {
        c.times.clear();
    }
    let columns: [(ColumnId, Vec<u8>); 14] = [
        (SHAPE, c.shape),
        (ACTIONS, c.actions),
        (FORMS, c.forms),
        (LENGTHS, c.lengths),
        (DWORDS, c.dwords),
        (KEY_NAMES, c.key_names),
        (VALUE_NAMES, c.value_names),
        (TEXTS, c.texts),
        (RUNS, c.runs),
        (GAPS, c.gaps),
        (GUIDS, c.guids),
        (BYTES, c.bytes),
        (TIMES, c.times),
        (CLASSES, c.classes),
    ];
    let there = || columns.iter().filter(|(_, column)| !column.is_empty());
    let mut map = MapWriter::new(2 + there().count());
    map.uint(KEYS.0, to_u64(keys));
    map.uint(VALUES.0, to_u64(values));
    let mut pieces = Vec::new();
    for (id, column) in columns.into_iter().filter(|(_, column)| !column.is_empty()) {
        map.bytes_head(id.0, column.len());
        pieces.push(map.take());
        pieces.push(column);
    }
    Ok(Written { pieces, keys, values })
}

#[derive(Default)]
struct Columns {
    shape: Vec<u8>,
    actions: Vec<u8>,
    forms: Vec<u8>,
    lengths: Vec<u8>,
    dwords: Vec<u8>,
    key_names: Vec<u8>,
    value_names: Vec<u8>,
    texts: Vec<u8>,
    runs: Vec<u8>,
    gaps: Vec<u8>,
    guids: Vec<u8>,
    bytes: Vec<u8>,
    times: Vec<u8>,
    classes: Vec<u8>,
}

impl Columns {
    fn make_room(&mut self, room: &Room) {
        self.shape.reserve(2 * room.keys);
        self.actions.reserve(room.keys);
        self.times.reserve(size_of::<u64>() * room.keys);
        self.key_names.reserve(room.key_names);
        self.value_names.reserve(room.value_names);
        self.forms.reserve(room.values);
        self.texts.reserve(room.texts);
        self.bytes.reserve(room.bytes);
    }
}

/// What the large columns need when all is ASCII: a column that grows is copied again and again, and leaves its former places
/// behind.
#[derive(Default)]
struct Room {
    keys: usize,
    values: usize,
    key_names: usize,
    value_names: usize,
    texts: usize,
    bytes: usize,
}

impl Room {
    fn of(root: &KeyEdit) -> Self {
        let mut room = Self::default();
        let mut left = vec![root];
        while let Some(key) = left.pop() {
            room.add(key);
            left.extend(key.subkeys());
        }
        room
    }

    fn add(&mut self, key: &KeyEdit) {
        self.keys += 1;
        self.values += key.values().len();
        self.key_names += key.name.units().len() + 1;
        for edit in key.values() {
            self.value_names += edit.name().units().len() + 1;
            match edit {
                ValueEdit::Set(value) if value.ty.is_text() => self.texts += value.data.len() / 2 + 1,
                ValueEdit::Set(value) if value.ty != ValueType::DWORD => self.bytes += value.data.len(),
                _ => {}
            }
        }
    }
}

struct Writer<'a> {
    limits: &'a Limits,
    columns: Columns,
    /// Names from the root's sub-key to the key being written.
    path: Vec<&'a Name>,
    units: Vec<u16>,
    keys: usize,
    values: usize,
}

impl<'a> Writer<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, columns: Columns::default(), path: Vec::new(), units: Vec::new(), keys: 0, values: 0 }
    }

    fn key(&mut self, key: &'a KeyEdit) -> Result<(), EncodeError> {
        let limits = self.limits;
        self.limit("the registry with its number of keys up to", self.keys + 1, limits.keys)?;
        self.limit("the depth", self.path.len(), limits.depth)?;
        self.limit("the name", key.name.units().len(), limits.key_name)?;
        self.keys += 1;
        let c = &mut self.columns;
        push_varint(to_u64(key.values().len()), &mut c.shape);
        push_varint(to_u64(key.subkeys().len()), &mut c.shape);
        c.actions.push(action_code(key.action) | if key.class.is_some() { CLASS_BIT } else { 0 });
        pack(key.name.units(), &mut c.key_names, &mut c.guids);
        if let Some(class) = &key.class {
            pack(class.units(), &mut c.classes, &mut c.guids);
            self.limit("the class name", class.units().len(), limits.class_name)?;
        }
        let FileTime(time) = key.last_write;
        self.columns.times.extend_from_slice(&time.to_le_bytes());
        self.limit(
            "the registry with its number of values up to",
            self.values + key.values().len(),
            limits.values,
        )?;
        self.values += key.values().len();
        for edit in key.values() {
            self.value(edit)?;
        }
        let mut before: Option<&Name> = None;
        for subkey in key.subkeys() {
            self.path.push(&subkey.name);
            if before.is_some_and(|before| before.fold_cmp(&subkey.name).is_ge()) {
                return Err(EncodeError::KeyOrder(self.path()));
            }
            before = Some(&subkey.name);
            self.key(subkey)?;
            self.path.pop();
        }
        Ok(())
    }

    fn value(&mut self, edit: &ValueEdit) -> Result<(), EncodeError> {
        let name = edit.name();
        self.limit("a value's name", name.units().len(), self.limits.value_name)?;
        let c = &mut self.columns;
        pack(name.units(), &mut c.value_names, &mut c.guids);
        match edit {
            ValueEdit::Delete(_) => push_varint(form::DELETED, &mut c.forms),
            ValueEdit::Set(value) => {
                self.limit("the data of a value", value.data.len(), self.limits.value)?;
                let form = self.data(value);
                push_varint(u64::from(value.ty.0) << form::BITS | form, &mut self.columns.forms);
            }
        }
        Ok(())
    }

    /// Writes a value's data; gives the form.
    fn data(&mut self, value: &Value) -> u64 {
        let c = &mut self.columns;
        let data = &value.data[..];
        if value.ty.is_text() && data.len().is_multiple_of(2) {
            self.units.clear();
            self.units.extend(data.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
            let (text, form) = match self.units.split_last() {
                Some((0, text)) => (text, form::TEXT),
                _ => (&self.units[..], form::BARE_TEXT),
            };
            pack(text, &mut c.texts, &mut c.guids);
            return form;
        }
        if matches!(value.ty, ValueType::DWORD | ValueType::DWORD_BIG_ENDIAN) && data.len() == 4 {
            c.dwords.extend_from_slice(data);
            return form::DWORD;
        }
        push_varint(to_u64(data.len()), &mut c.lengths);
        let mut at = 0;
        while let Some(run) = runs::find(data, at) {
            push_varint(1 + 2 * to_u64(run.start - at) + u64::from(run.ended), &mut c.gaps);
            c.bytes.extend_from_slice(&data[at..run.start]);
            self.units.clear();
            let text = &data[run.start..run.start + run.len];
            self.units.extend(text.chunks_exact(2).map(|unit| u16::from(unit[0])));
            pack(&self.units, &mut c.runs, &mut c.guids);
            at = run.end();
        }
        c.gaps.push(0);
        c.bytes.extend_from_slice(&data[at..]);
        form::BYTES
    }

    fn limit(&self, what: &str, found: usize, max: usize) -> Result<(), EncodeError> {
        EncodeError::limit(|| format!("{what} of key {}", self.path()), found, max)
    }

    fn path(&self) -> KeyPath {
        self.path.iter().copied().cloned().collect()
    }
}

fn action_code(action: KeyAction) -> u8 {
    match action {
        KeyAction::Ensure => 0,
        KeyAction::Pass => 1,
        KeyAction::Delete => 2,
        KeyAction::Replace => 3,
    }
}

/// Appends a packed text (section 6.2).
pub(crate) fn pack(mut units: &[u16], out: &mut Vec<u8>, guids: &mut Vec<u8>) {
    const BRACE: u16 = b'{' as u16;
    loop {
        let is_plain = |unit: &&u16| matches!(**unit, 4..0x80) && **unit != BRACE;
        let (plain, rest) = units.split_at(units.iter().take_while(is_plain).count());
        out.extend(plain.iter().map(|unit| unit.to_le_bytes()[0]));
        units = match *rest {
            [] => break,
            [escaped @ 0..=3, ref rest @ ..] => {
                out.extend_from_slice(&[mark::ESCAPE, escaped.to_le_bytes()[0]]);
                rest
            }
            [BRACE, ..] if let Some((guid, case)) = guid::parse(rest) => {
                out.push(if case == guid::Case::Upper { mark::UPPER_GUID } else { mark::LOWER_GUID });
                guids.extend_from_slice(&guid);
                &rest[guid::TEXT_LEN..]
            }
            _ => &rest[wtf8::push_first(rest, out)..],
        };
    }
    out.push(mark::END);
}

fn push_varint(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7F {
        out.push(0x80 | number.to_le_bytes()[0]);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}
