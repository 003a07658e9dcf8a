use mp_dataset::FilePath;
use mp_registry::{Name, upcase::upcase};

/// The most components of a file's path below its special folder.
pub const MAX_COMPONENTS: usize = 128;
/// The most UTF-16 code units of one component ("Maximum Path Length Limitation").
pub const MAX_COMPONENT: usize = 255;
/// The most UTF-16 code units of all components with their separators: what `\\?\` paths allow, less room for the profile.
pub const MAX_PATH: usize = 32_000;

/// A file's path that is safe to hand to a file system.
///
/// INVARIANT: between 1 and [`MAX_COMPONENTS`] components; none is empty, `.` or `..`, longer than [`MAX_COMPONENT`], a
/// device name, ends with a dot or space, or holds a control character or one of `< > : " / \ | ? *`. So it names no
/// alternate data stream, no device and nothing outside its folder ("Naming Files, Paths, and Namespaces").
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SafePath<'a>(&'a FilePath);

impl<'a> SafePath<'a> {
    /// Checks a path.
    ///
    /// # Errors
    /// With the reason, in the words of [`FileErrorKind::UnsafeName`](crate::FileErrorKind::UnsafeName).
    pub fn check(path: &'a FilePath) -> Result<Self, &'static str> {
        if path.components.is_empty() {
            return Err("it names no file");
        }
        if path.components.len() > MAX_COMPONENTS {
            return Err("it has more than 128 components");
        }
        path.components.iter().try_for_each(check_component)?;
        let units = path.components.iter().map(|name| name.units().len() + 1).sum::<usize>();
        if units > MAX_PATH {
            return Err("it is longer than 32,000 UTF-16 code units");
        }
        Ok(Self(path))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &'a FilePath {
        self.0
    }
}

fn check_component(name: &Name) -> Result<(), &'static str> {
    let units = name.units();
    let Some(&last) = units.last() else { return Err("a component is empty") };
    if units.len() > MAX_COMPONENT {
        return Err("a component has more than 255 UTF-16 code units");
    }
    if last == u16::from(b'.') || last == u16::from(b' ') {
        return Err("a component ends with a dot or a space");
    }
    for &unit in units {
        match u8::try_from(unit) {
            Ok(b':') => return Err("a component holds a colon, which would name an alternate data stream"),
            Ok(0..0x20) => return Err("a component holds a control character"),
            Ok(b'<' | b'>' | b'"' | b'/' | b'\\' | b'|' | b'?' | b'*') => {
                return Err("a component holds one of < > \" / \\ | ? *");
            }
            _ => {}
        }
    }
    if is_device(units) { Err("a component is the name of a device") } else { Ok(()) }
}

/// `CON`, `LPT1` and their like, also with an extension, spaces before it, or superscript digits.
fn is_device(units: &[u16]) -> bool {
    let stem: Vec<u16> =
        units.iter().take_while(|&&unit| unit != u16::from(b'.')).map(|&u| upcase(u)).collect();
    let spaces = stem.iter().rev().take_while(|&&unit| unit == u16::from(b' ')).count();
    let stem = &stem[..stem.len() - spaces];
    let is = |name: &str| stem.iter().copied().eq(name.encode_utf16());
    let numbered = |prefix: &str| {
        stem.len() == 4
            && stem.iter().copied().take(3).eq(prefix.encode_utf16())
            && matches!(stem[3], 0x30..=0x39 | 0xB9 | 0xB2 | 0xB3)
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"].into_iter().any(is)
        || numbered("COM")
        || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::SafePath;
    use mp_dataset::FilePath;
    use mp_registry::Name;

    #[test]
    fn takes_plain_names_and_refuses_the_rest() {
        let check = |components: &[&str]| {
            let components = components.iter().map(|&name| Name::from(name)).collect();
            SafePath::check(&FilePath { folder: "Desktop".into(), components }).map(|_| ())
        };
        for good in ["a.txt", ".gitconfig", "COM10", "CONSOLE", "nul-x", "Grüße ☃.lnk", "a b", "COM"] {
            assert_eq!(check(&["x", good]), Ok(()), "{good}");
        }
        for bad in [
            "", ".", "..", "a:b", "a.", "a ", "a\u{1f}", "a\0", "con", "Aux.txt", "LPT1.x.y", "nul .txt",
            "COM¹", "a/b", "a\\b", "a*", "a?", "\u{7}", "conin$",
        ] {
            assert!(check(&[bad, "x"]).is_err(), "{bad:?}");
        }
        assert!(
            check(&[]).is_err() && check(&["x"; 129]).is_err() && check(&["y".repeat(256).as_str()]).is_err()
        );
        assert!(check(&["y".repeat(255).as_str(); 128]).is_err());
    }
}
