//! A made registry subtree: the same for every run, with the mix of types and lengths of used profiles.

use mp_registry::{Key, Value, ValueType};

const WORDS: [&str; 24] = [
    "Software",
    "Office",
    "Common",
    "Explorer",
    "Settings",
    "Preferences",
    "Recent",
    "Toolbar",
    "Window",
    "Position",
    "Font",
    "Default",
    "Path",
    "Document",
    "Template",
    "Printer",
    "Cache",
    "View",
    "Layout",
    "Language",
    "Theme",
    "History",
    "Version",
    "Proxy",
];
/// Values per key, as in used profiles.
const VALUES_PER_KEY: usize = 5;
const KEYS_PER_LEVEL: usize = 20;

/// Numbers of a linear congruential generator (Knuth, MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn word(&mut self) -> &'static str {
        WORDS[usize::try_from(self.below(WORDS.len() as u64)).unwrap_or_default()]
    }
}

/// A key with `values` values below it, in keys two levels deep.
pub(crate) fn tree(name: &str, values: usize) -> Key {
    let mut numbers = Numbers(1);
    let mut left = values;
    let mut root = Key::new(name);
    while left > 0 {
        let mut group = Key::new(format!("{} {}", numbers.word(), root.subkeys().len()).as_str());
        while left > 0 && group.subkeys().len() < KEYS_PER_LEVEL {
            let mut key = Key::new(format!("{} {}", numbers.word(), group.subkeys().len()).as_str());
            let held = left.min(VALUES_PER_KEY);
            (0..held).for_each(|index| key.set_value(value(&mut numbers, index)));
            left -= held;
            group.insert_subkey(key);
        }
        root.insert_subkey(group);
    }
    root
}

fn value(numbers: &mut Numbers, index: usize) -> Value {
    let name = format!("{}{} {index}", numbers.word(), numbers.word());
    let name = name.as_str();
    match numbers.below(100) {
        0..25 => Value::dword(name, u32::try_from(numbers.below(1 << 16)).unwrap_or_default()),
        25..70 => {
            let path = format!(
                "C:\\Users\\user{}\\AppData\\{}\\{}.xml",
                numbers.below(9),
                numbers.word(),
                numbers.word()
            );
            Value::sz(name, &path)
        }
        _ => {
            // Half structure, half noise, as shell item lists are; most of them short, a few long.
            let len = if numbers.below(20) == 0 { 2000 } else { 16 + numbers.below(120) };
            let data = (0..len).map(|at| if at % 8 < 4 { numbers.below(256).to_le_bytes()[0] } else { 0 });
            Value::new(name, ValueType::BINARY, data.collect::<Vec<u8>>())
        }
    }
}
