//! What programs in a session are told of, by the keys that changed. Pure, so it is here on every system.

use mp_registry::{KeyPath, Name, upcase};

/// Something that programs look at again only when they are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RefreshTopic {
    /// File associations and icons.
    Associations,
    /// Environment variables.
    Environment,
    /// User policies.
    Policy,
    /// Regional formats.
    International,
    /// Light or dark mode and accent colour.
    Colors,
    /// Fonts and sizes of windows' parts.
    WindowMetrics,
    /// The desktop's picture.
    Wallpaper,
    /// Mouse speed, buttons and double click.
    Mouse,
    /// Keyboard repeat.
    Keyboard,
    /// The mouse pointers.
    Cursors,
    /// What the desktop and the start menu show.
    Folders,
    /// Any other setting.
    Other,
}

/// A key, and what is told when it or something below it changed. Of several that match, the first counts.
const TOPICS: [(&str, RefreshTopic); 17] = [
    (r"Environment", RefreshTopic::Environment),
    (r"Software\Classes", RefreshTopic::Associations),
    (r"Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts", RefreshTopic::Associations),
    (r"Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced", RefreshTopic::Folders),
    (r"Software\Microsoft\Windows\CurrentVersion\Explorer\HideDesktopIcons", RefreshTopic::Folders),
    (r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders", RefreshTopic::Folders),
    (r"Software\Policies", RefreshTopic::Policy),
    (r"Software\Microsoft\Windows\CurrentVersion\Policies", RefreshTopic::Policy),
    (r"Software\Microsoft\Windows\CurrentVersion\Themes", RefreshTopic::Colors),
    (r"Software\Microsoft\Windows\DWM", RefreshTopic::Colors),
    (r"Control Panel\Colors", RefreshTopic::Colors),
    (r"Control Panel\International", RefreshTopic::International),
    (r"Control Panel\Desktop\WindowMetrics", RefreshTopic::WindowMetrics),
    (r"Control Panel\Desktop", RefreshTopic::Wallpaper),
    (r"Control Panel\Mouse", RefreshTopic::Mouse),
    (r"Control Panel\Keyboard", RefreshTopic::Keyboard),
    (r"Control Panel\Cursors", RefreshTopic::Cursors),
];

impl RefreshTopic {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Associations,
        Self::Environment,
        Self::Policy,
        Self::International,
        Self::Colors,
        Self::WindowMetrics,
        Self::Wallpaper,
        Self::Mouse,
        Self::Keyboard,
        Self::Cursors,
        Self::Folders,
        Self::Other,
    ];

    /// Its name on the helper's command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Associations => "associations",
            Self::Environment => "environment",
            Self::Policy => "policy",
            Self::International => "international",
            Self::Colors => "colors",
            Self::WindowMetrics => "window-metrics",
            Self::Wallpaper => "wallpaper",
            Self::Mouse => "mouse",
            Self::Keyboard => "keyboard",
            Self::Cursors => "cursors",
            Self::Folders => "folders",
            Self::Other => "other",
        }
    }

    /// The topic of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// What is to be told when these keys of a user changed, each topic once.
    #[must_use]
    pub fn of(changed: &[KeyPath]) -> Vec<Self> {
        let mut topics: Vec<Self> = changed.iter().map(Self::of_key).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    fn of_key(path: &KeyPath) -> Self {
        let below = |top: &str| {
            let top = KeyPath::parse(top);
            let same = |(a, b): (&Name, &Name)| upcase::eq(a.units(), b.units());
            path.depth() >= top.depth() && top.names().iter().zip(path.names()).all(same)
        };
        TOPICS.iter().find(|(top, _)| below(top)).map_or(Self::Other, |(_, topic)| *topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_changed_key_is_told_once_and_in_any_case() {
        let keys = [
            r"SOFTWARE\Classes\.txt",
            r"Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts\.txt",
            r"control panel\desktop",
            r"Control Panel\Desktop\WindowMetrics",
            r"Environment",
            r"Environmental",
            r"Software",
        ];
        let topics = RefreshTopic::of(&keys.map(KeyPath::parse));
        let expected = [
            RefreshTopic::Associations,
            RefreshTopic::Environment,
            RefreshTopic::WindowMetrics,
            RefreshTopic::Wallpaper,
            RefreshTopic::Other,
        ];
        assert_eq!(topics, expected);
        assert_eq!(RefreshTopic::of(&[]), []);
    }

    #[test]
    fn names_are_read_back() {
        for topic in RefreshTopic::ALL {
            assert_eq!(RefreshTopic::from_name(topic.name()), Some(topic));
        }
        assert_eq!(RefreshTopic::from_name("everything"), None);
    }
}
