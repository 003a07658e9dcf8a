use std::{cmp::Ordering, fmt, sync::Arc};

use crate::upcase;

/// A name of a key, a value, a class or a file component: UTF-16 code units as Windows holds them.
///
/// Lone surrogates and embedded NULs are kept. `==` and `Ord` compare the units exactly; [`Name::same`] and
/// [`Name::fold_cmp`] compare as Windows does. Clones share the units.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name(Arc<[u16]>);

impl Name {
    /// Takes the code units as they are.
    #[must_use]
    pub fn from_units(units: impl Into<Arc<[u16]>>) -> Self {
        Self(units.into())
    }

    /// The code units.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// Whether the name is empty: the root of a hive, or a key's default value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both names are the same to Windows.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        upcase::eq(&self.0, &other.0)
    }

    /// Order without regard to case, as the kernel sorts sub-keys.
    #[must_use]
    pub fn fold_cmp(&self, other: &Self) -> Ordering {
        upcase::cmp(&self.0, &other.0)
    }

    /// The name as text when it is valid UTF-16, else `None`.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        String::from_utf16(&self.0).ok()
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl From<&Self> for Name {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl fmt::Display for Name {
    /// Writes the name for people: what is no valid UTF-16, and control characters, as `\u{D800}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for unit in char::decode_utf16(self.0.iter().copied()) {
            match unit {
                Ok(c) if !c.is_control() => fmt::Write::write_char(f, c)?,
                Ok(c) => write!(f, "\\u{{{:X}}}", u32::from(c))?,
                Err(lone) => write!(f, "\\u{{{:X}}}", lone.unpaired_surrogate())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A path of key names below some root; empty for the root itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyPath(Vec<Name>);

impl KeyPath {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Splits text at backslashes; empty parts (leading, trailing, doubled backslashes) are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(text.split('\\').filter(|part| !part.is_empty()).map(Name::from).collect())
    }

    /// The names from the root downwards.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// Number of names.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// Goes one key down.
    pub fn push(&mut self, name: Name) {
        self.0.push(name);
    }

    /// Goes one key up.
    pub fn pop(&mut self) -> Option<Name> {
        self.0.pop()
    }

    /// The path of a sub-key.
    #[must_use]
    pub fn join(&self, name: &Name) -> Self {
        let mut path = self.clone();
        path.push(name.clone());
        path
    }

    /// Whether this is `ancestor` or lies below it, as Windows compares.
    #[must_use]
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.0.len() >= ancestor.0.len() && self.0.iter().zip(&ancestor.0).all(|(a, b)| a.same(b))
    }
}

impl FromIterator<Name> for KeyPath {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\\")?;
            }
            write!(f, "{name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
