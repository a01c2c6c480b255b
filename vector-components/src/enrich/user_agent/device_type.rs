//! What kind of device a header is of; uap-core names none.
//!
//! Rule's source: a spider is a bot; then what the header itself claims (television, tablet, phone);
//! then the operating system. An Android header without `Mobile` is a tablet: Google's own rule for
//! Chrome.

/// The kind of device. The snake_case name is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceType {
    /// A computer with a desktop system.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A television or a box beside it.
    Tv,
    /// A crawler or another program that says so.
    Bot,
    /// None of these can be told.
    #[default]
    Unknown,
}

impl DeviceType {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DeviceType::Desktop => "desktop",
            DeviceType::Mobile => "mobile",
            DeviceType::Tablet => "tablet",
            DeviceType::Tv => "tv",
            DeviceType::Bot => "bot",
            DeviceType::Unknown => "unknown",
        }
    }
}

/// Words that tell a kind, in whatever case, and which.
pub const WORDS: [(&str, u8); 17] = [
    ("SmartTV", TV),
    ("SMART-TV", TV),
    ("Smart TV", TV),
    ("HbbTV", TV),
    ("AppleTV", TV),
    ("Apple TV", TV),
    ("CrKey", TV),
    ("BRAVIA", TV),
    ("GoogleTV", TV),
    ("Roku", TV),
    ("AFTT", TV),
    ("Web0S", TV),
    ("iPad", TABLET),
    ("Tablet", TABLET),
    ("Kindle", TABLET),
    ("PlayBook", TABLET),
    ("Mobile", MOBILE),
];
const TV: u8 = 1;
const TABLET: u8 = 2;
const MOBILE: u8 = 4;

impl DeviceType {
    /// The kind of a header's device: `words` are those of [`WORDS`] that are in it.
    #[must_use]
    pub fn of(words: impl Iterator<Item = usize>, os: &str, device: &str) -> Self {
        if device == "Spider" {
            return DeviceType::Bot;
        }
        let words = words.fold(0, |all, word| all | WORDS[word].1);
        if words & TV != 0 || os.ends_with("TV") || os == "tvOS" {
            return DeviceType::Tv;
        }
        if words & TABLET != 0 || device.contains("Tablet") {
            return DeviceType::Tablet;
        }
        let is_mobile = words & MOBILE != 0;
        match os {
            "Android" if is_mobile => DeviceType::Mobile,
            "Android" => DeviceType::Tablet,
            "iOS" | "Windows Phone" | "BlackBerry OS" | "KaiOS" | "Firefox OS" | "Symbian OS" => DeviceType::Mobile,
            "Windows" | "Mac OS X" | "Linux" | "Chrome OS" | "Ubuntu" | "Fedora" | "Debian" | "FreeBSD" | "OpenBSD"
            | "NetBSD" => DeviceType::Desktop,
            _ if is_mobile => DeviceType::Mobile,
            _ => DeviceType::Unknown,
        }
    }
}
