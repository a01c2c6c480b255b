//! What kind of device a header is of; uap-core names none.
//!
//! Rule's source: a spider is a bot; then what the header itself claims (television, computer, tablet,
//! phone); then the operating system. An Android header without `Mobile` is a tablet: Google's own
//! rule for Chrome. Fire TV's models begin with AFT: Amazon's own rule.

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

/// Words that tell a kind, as [`Word`](super::word::Word) reads them, and which.
pub const WORDS: [(&str, u16); 47] = [
    ("=TV", TV),
    ("SmartTV*", TV),
    ("Smart-TV*", TV),
    ("HbbTV", TV),
    ("*NetTV", TV),
    ("=DTV", TV),
    ("AppleTV*", APPLE_TV),
    ("Apple TV", APPLE_TV),
    ("GoogleTV", TV),
    ("AndroidTV", TV),
    ("InettvBrowser", TV),
    ("NetCast*", TV),
    ("NETRANGE*", TV),
    ("AQUOSBrowser", TV),
    ("SonyCEBrowser", TV),
    ("Large Screen", TV),
    ("SetTopBox", TV),
    ("=STB*", TV),
    ("CrKey", TV),
    ("Chromecast", TV),
    ("BRAVIA", TV),
    ("Viera", TV),
    ("VIDAA", TV),
    ("TiVo*", TV),
    ("Vizio*", TV),
    ("Espial", TV),
    ("MiBOX*", TV),
    ("Roku*", TV),
    ("Web0S", TV),
    ("=AFT*", TV),
    ("(PC;", DESKTOP),
    ("(2in1;", DESKTOP),
    ("Chromebook", DESKTOP),
    ("Pixelbook", DESKTOP),
    ("*iPad*", TABLET),
    ("*Tablet*", TABLET),
    ("Kindle", TABLET),
    ("PlayBook", TABLET),
    ("*Mobile*", MOBILE),
    ("*IEMobile*", POCKET),
    ("Windows CE", POCKET),
    ("(Phone;", MOBILE),
    // Applications, which do not say; phones have most of them.
    ("^Dalvik/", MOBILE),
    // What these say of themselves is not of the device: a phone can run an app for televisions.
    ("iPhone", APPLE_PHONE),
    ("iPod", APPLE_PHONE),
    ("Tablet PC", TABLET_PC),
    ("*Harmony*", HARMONY),
];
const TV: u16 = 1;
const TABLET: u16 = 2;
const MOBILE: u16 = 4;
const DESKTOP: u16 = 8;
const POCKET: u16 = 16;
const APPLE_PHONE: u16 = 32;
const TABLET_PC: u16 = 64;
const APPLE_TV: u16 = 128;
/// Not a kind, but what tells a system ([`frozen`](super::frozen)).
pub const HARMONY: u16 = 256;

/// What the words of these numbers tell, together.
pub fn told(numbers: impl Iterator<Item = usize>) -> u16 {
    numbers.fold(0, |all, number| all | WORDS[number].1)
}

impl DeviceType {
    /// The kind of a header's device: `words` are those that are in it.
    #[must_use]
    pub fn of(words: u16, os: &str, device: &str) -> Self {
        if device == "Spider" {
            return DeviceType::Bot;
        }
        let has = |word: u16| words & word != 0;
        match os {
            _ if os.ends_with("TV") || os == "tvOS" => DeviceType::Tv,
            "Windows" if has(POCKET) => DeviceType::Mobile,
            // `Tablet PC` is a part of Windows that every computer has.
            "Windows" => DeviceType::Desktop,
            _ if has(APPLE_TV) || has(TV) && !has(APPLE_PHONE) => DeviceType::Tv,
            _ if has(DESKTOP) => DeviceType::Desktop,
            _ if has(TABLET) && !has(TABLET_PC) || device.contains("Tablet") => DeviceType::Tablet,
            "Android" | "HarmonyOS" if has(MOBILE) => DeviceType::Mobile,
            "Android" | "HarmonyOS" => DeviceType::Tablet,
            "iOS" | "Windows Phone" | "BlackBerry OS" | "KaiOS" | "Firefox OS" | "Symbian OS" => DeviceType::Mobile,
            "Mac OS X" | "Linux" | "Chrome OS" | "Ubuntu" | "Fedora" | "Debian" | "FreeBSD" | "OpenBSD" | "NetBSD" => {
                DeviceType::Desktop
            }
            _ if has(MOBILE) => DeviceType::Mobile,
            _ => DeviceType::Unknown,
        }
    }
}
