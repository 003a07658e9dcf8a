use mp_registry::{
    Name,
    upcase::{self, upcase},
};

/// One name with `*` (any code units, also none) and `?` (one UTF-16 code unit), compared without regard to case.
#[derive(Clone, Debug)]
pub(crate) struct Mask {
    units: Box<[u16]>,
    literal: bool,
}

const STAR: u16 = b'*' as u16;
const ANY: u16 = b'?' as u16;

impl Mask {
    pub(crate) fn new(text: &str) -> Self {
        let units: Box<[u16]> = text.encode_utf16().collect();
        let literal = !units.iter().any(|&unit| unit == STAR || unit == ANY);
        Self { units, literal }
    }

    /// The mask that matches this name and nothing else.
    fn exactly(name: &Name) -> Self {
        Self { units: name.units().into(), literal: true }
    }

    /// Whether it holds no wildcard and so names exactly one thing.
    pub(crate) fn is_literal(&self) -> bool {
        self.literal
    }

    pub(crate) fn is_all(&self) -> bool {
        self.units.iter().all(|&unit| unit == STAR)
    }

    pub(crate) fn to_name(&self) -> Name {
        Name::from_units(self.units.clone())
    }

    /// Whether both are written alike, case aside.
    pub(crate) fn same(&self, other: &Self) -> bool {
        upcase::eq(&self.units, &other.units)
    }

    pub(crate) fn matches(&self, name: &Name) -> bool {
        // Nearly all masks are literal, and nearly all of those differ in length already.
        if self.literal {
            return upcase::eq(&self.units, name.units());
        }
        let (mask, name) = (&self.units, name.units());
        let (mut m, mut n) = (0, 0);
        // Where to go on when a later unit does not match: the last star gives one unit more.
        let mut retry: Option<(usize, usize)> = None;
        while n < name.len() {
            match mask.get(m) {
                Some(&STAR) => {
                    retry = Some((m, n));
                    m += 1;
                }
                Some(&unit) if unit == ANY || upcase(unit) == upcase(name[n]) => {
                    m += 1;
                    n += 1;
                }
                _ => match retry {
                    Some((star, from)) => {
                        retry = Some((star, from + 1));
                        m = star + 1;
                        n = from + 1;
                    }
                    None => return false,
                },
            }
        }
        mask[m..].iter().all(|&unit| unit == STAR)
    }
}

/// A path of masks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pattern(Vec<Mask>);

impl Pattern {
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.split('\\').filter(|part| !part.is_empty()).map(Mask::new).collect())
    }

    /// The pattern that matches exactly `names`, followed by this one.
    pub(crate) fn below(&self, names: impl Iterator<Item = Name>) -> Self {
        let literal = names.map(|name| Mask::exactly(&name));
        Self(literal.chain(self.0.iter().cloned()).collect())
    }

    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn masks(&self) -> &[Mask] {
        &self.0
    }

    /// Whether `path` is a place of the pattern, or with `recursive` lies below one.
    pub(crate) fn matches(&self, path: &[Name], recursive: bool) -> bool {
        let fits = if recursive { path.len() >= self.0.len() } else { path.len() == self.0.len() };
        fits && self.agrees(path)
    }

    /// Whether places of the pattern may lie below `path`.
    pub(crate) fn lies_below(&self, path: &[Name]) -> bool {
        self.0.len() > path.len() && self.agrees(path)
    }

    /// From the last name to the first: nearly all places begin with `Software`.
    fn agrees(&self, path: &[Name]) -> bool {
        self.0.iter().zip(path).rev().all(|(mask, name)| mask.matches(name))
    }

    /// The leading names without wildcards.
    pub(crate) fn literal_start(&self) -> Vec<Name> {
        self.0.iter().take_while(|mask| mask.is_literal()).map(Mask::to_name).collect()
    }

    /// Whether this pattern is written for what `other` is about: as deep at least, and each name of `other` spelled out
    /// or repeated. A wildcard that merely happens to match does not count.
    pub(crate) fn spells_out(&self, other: &Self) -> bool {
        self.0.len() >= other.0.len()
            && self.0.iter().zip(&other.0).all(|(own, theirs)| own.is_literal() || own.same(theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::{Mask, Pattern};
    use mp_registry::{KeyPath, Name};

    #[test]
    fn masks_match_whole_names_without_case() {
        for (mask, name, fits) in [
            ("run*", "RunOnceEx", true),
            ("run*", "xrun", false),
            ("*.o?t", "Mail.OST", true),
            ("*.o?t", "Mail.OT", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("", "", true),
            ("", "x", false),
            ("*", "", true),
            ("ä?", "ÄÖ", true),
            ("ss", "ß", false),
        ] {
            assert_eq!(Mask::new(mask).matches(&Name::from(name)), fits, "{mask} {name}");
        }
        assert!(Mask::new("?").matches(&Name::from_units([0xD800])));
    }

    #[test]
    fn patterns_know_what_lies_below() {
        let pattern = Pattern::parse("Software\\*\\App");
        let at = |text: &str| KeyPath::parse(text).names().to_vec();
        assert!(pattern.matches(&at("software\\X\\app"), false));
        assert!(!pattern.matches(&at("software\\X\\app\\y"), false));
        assert!(pattern.matches(&at("software\\X\\app\\y"), true));
        assert!(pattern.lies_below(&at("Software\\Z")) && !pattern.lies_below(&at("Software\\Z\\App")));
        assert!(!pattern.lies_below(&at("Other")));
    }

    #[test]
    fn only_spelled_out_names_count_as_explicit() {
        let exclusion = Pattern::parse("A\\*\\UserChoice*");
        assert!(Pattern::parse("a\\.pdf\\UserChoice\\x").spells_out(&exclusion));
        assert!(Pattern::parse("a\\*\\userchoice*").spells_out(&exclusion));
        assert!(!Pattern::parse("a\\*\\*").spells_out(&exclusion));
        assert!(!Pattern::parse("a\\b").spells_out(&exclusion));
    }
}
