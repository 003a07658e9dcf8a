//! The head record and the file records (`docs/formats/dataset.md`, section 5).

use std::sync::Arc;

use mp_registry::{FileTime, Name};

use crate::{
    DecodeError, EncodeError, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Limits, Origin,
    Part, ProfileKind, UnknownFields,
    cbor::{MapReader, MapWriter},
    wtf8,
};

/// Greatest key of this version's fields in each of the maps; the least is 1, and the reader knows all between.
const HEAD_FIELDS: u64 = 1;
const ORIGIN_FIELDS: u64 = 5;
const FILE_FIELDS: u64 = 6;

/// What the head record holds.
pub(crate) struct Head {
    pub(crate) origin: Origin,
    pub(crate) unknown: UnknownFields,
}

pub(crate) fn write_head(
    origin: &Origin,
    unknown: &UnknownFields,
    limits: &Limits,
) -> Result<Vec<u8>, EncodeError> {
    let origin = write_origin(origin, limits)?;
    let mut map = MapWriter::new(usize::from(origin.is_some()) + unknown.0.len());
    if let Some(origin) = origin {
        map.encoded(1, &origin);
    }
    map.unknown("the head", HEAD_FIELDS, unknown, limits)?;
    Ok(map.take())
}

pub(crate) fn read_head(payload: &[u8], limits: &Limits) -> Result<Head, DecodeError> {
    let mut head = Head { origin: Origin::default(), unknown: UnknownFields::default() };
    let mut map = MapReader::new(payload, Part::Head, limits)?;
    while let Some(key) = map.next_key()? {
        match key {
            1 => head.origin = read_origin(map.map()?)?,
            _ => map.keep(&mut head.unknown)?,
        }
    }
    map.finish()?;
    Ok(head)
}

fn write_origin(origin: &Origin, limits: &Limits) -> Result<Option<Vec<u8>>, EncodeError> {
    if *origin == Origin::default() {
        return Ok(None);
    }
    let texts = [(1, "SID", &origin.sid), (2, "host", &origin.host), (3, "software", &origin.software)];
    let numbers = [(4, origin.exported.0), (5, profile_code(origin.profile))];
    let fields = texts.iter().filter(|(_, _, text)| !text.is_empty()).count()
        + numbers.iter().filter(|(_, number)| *number != 0).count();
    let mut map = MapWriter::new(fields + origin.unknown.0.len());
    for (key, name, text) in texts.into_iter().filter(|(_, _, text)| !text.is_empty()) {
        EncodeError::limit(|| format!("the {name} of the origin"), text.len(), limits.text)?;
        map.text(key, text);
    }
    for (key, number) in numbers.into_iter().filter(|(_, number)| *number != 0) {
        map.uint(key, number);
    }
    map.unknown("the origin", ORIGIN_FIELDS, &origin.unknown, limits)?;
    Ok(Some(map.take()))
}

fn read_origin(mut map: MapReader<'_>) -> Result<Origin, DecodeError> {
    let mut origin = Origin::default();
    while let Some(key) = map.next_key()? {
        match key {
            1 => origin.sid = map.text("SID of the origin")?,
            2 => origin.host = map.text("host of the origin")?,
            3 => origin.software = map.text("software of the origin")?,
            4 => origin.exported = FileTime(map.uint("time of the export")?),
            5 => origin.profile = profile_kind(map.uint("kind of profile")?),
            _ => map.keep(&mut origin.unknown)?,
        }
    }
    map.finish()?;
    Ok(origin)
}

fn profile_code(kind: ProfileKind) -> u64 {
    match kind {
        ProfileKind::Unknown => 0,
        ProfileKind::Mandatory => 1,
        ProfileKind::Local => 2,
        ProfileKind::Roaming => 3,
        ProfileKind::Temporary => 4,
    }
}

fn profile_kind(code: u64) -> ProfileKind {
    match code {
        1 => ProfileKind::Mandatory,
        2 => ProfileKind::Local,
        3 => ProfileKind::Roaming,
        4 => ProfileKind::Temporary,
        _ => ProfileKind::Unknown,
    }
}

/// A file record's payload: what stands before the file's bytes, and what behind.
pub(crate) fn write_file(entry: &FileEntry, limits: &Limits) -> Result<(Vec<u8>, Vec<u8>), EncodeError> {
    let FilePath { folder, components } = &entry.path;
    let limit =
        |what: &str, found, max| EncodeError::limit(|| format!("{what} of file {}", entry.path), found, max);
    if components.is_empty() {
        return Err(EncodeError::EmptyPath(folder.clone()));
    }
    limit("the folder's name", folder.len(), limits.text)?;
    limit("the number of components", components.len(), limits.components)?;
    for component in components {
        limit("a component", component.units().len(), limits.component)?;
    }
    let numbers = match &entry.change {
        FileChange::Present(file) => [(4, file.modified.0), (5, u64::from(file.attributes.bits()))],
        FileChange::Deleted => [(3, 1), (0, 0)],
    };
    let numbers = numbers.into_iter().filter(|(_, number)| *number != 0);
    let content = matches!(entry.change, FileChange::Present(_));
    let mut map = MapWriter::new(2 + numbers.clone().count() + usize::from(content) + entry.unknown.0.len());
    map.text(1, folder);
    map.byte_strings(2, components.iter().map(|component| wtf8::from_units(component.units())));
    numbers.for_each(|(key, number)| map.uint(key, number));
    if let FileChange::Present(file) = &entry.change {
        limit("the content", file.bytes.len(), limits.file)?;
        map.bytes_head(6, file.bytes.len());
    }
    let before = map.take();
    map.unknown("a file", FILE_FIELDS, &entry.unknown, limits)?;
    Ok((before, map.take()))
}

pub(crate) fn read_file(
    payload: &[u8],
    index: usize,
    limits: &Limits,
    keep: fn(&[u8]) -> Arc<[u8]>,
) -> Result<FileEntry, DecodeError> {
    let mut map = MapReader::new(payload, Part::File(index), limits)?;
    let (mut folder, mut components, mut deleted, mut bytes) = (None, Vec::new(), false, None);
    let (mut modified, mut attributes) = (FileTime::default(), FileAttributes::default());
    let mut unknown = UnknownFields::default();
    while let Some(key) = map.next_key()? {
        match key {
            1 => folder = Some(map.text("name of the folder")?),
            2 => {
                let read = |bytes| wtf8::to_units(bytes, limits.component).map(Name::from_units);
                let what = "components of the path, each WTF-8 within the limit";
                components = map.byte_strings(what, limits.components, read)?;
            }
            3 => match map.uint("the tombstone")? {
                1 => deleted = true,
                other => return Err(map.malformed("a tombstone of 1", other.to_string())),
            },
            4 => modified = FileTime(map.uint("time of the last modification")?),
            5 => {
                let bits = map.uint("attributes")?;
                attributes = FileAttributes::from_bits(u32::try_from(bits & 0xFFFF_FFFF).unwrap_or(0));
            }
            6 => {
                let content = map.bytes("content of the file")?;
                map.limit("length of the file", content.len(), limits.file)?;
                bytes = Some(keep(content));
            }
            _ => map.keep(&mut unknown)?,
        }
    }
    map.finish()?;
    let Some(folder) = folder.filter(|_| !components.is_empty()) else {
        return Err(map.malformed("a folder and a path", "a file without".to_owned()));
    };
    let change = match (deleted, bytes) {
        (false, Some(bytes)) => FileChange::Present(FileContent { modified, attributes, bytes }),
        (true, None) => FileChange::Deleted,
        (deleted, _) => {
            let found = if deleted { "a tombstone with content" } else { "neither" };
            return Err(map.malformed("content or a tombstone", found.to_owned()));
        }
    };
    Ok(FileEntry { path: FilePath { folder, components }, change, unknown })
}
