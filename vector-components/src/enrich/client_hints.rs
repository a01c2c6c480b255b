//! What client hints say better than the user agent: browsers freeze parts of it (`Android 10; K`,
//! `Windows NT 10.0`) and send the truth in `Sec-CH-UA-…`.
//!
//! Rule's source: the User-Agent Client ClientHeaders draft; of Windows' platform versions, Microsoft's table:
//! 13 and later is Windows 11.

use std::borrow::Cow;

use super::source::lower;
use crate::event::ClientHeaders;

/// A frozen header of Chromium on Android, without its model.
const FROZEN_ANDROID: &str = "Android 10; K)";
/// A model or version of such length is none.
const HINT_BYTES_MAX: usize = 64;

/// The header as it would be without freezing: with the model and the version that the hints give. All
/// rules then say what they always said.
#[must_use]
pub fn unfreeze_user_agent<'h>(header: &'h str, hints: &ClientHeaders<'_>) -> Cow<'h, str> {
    let (model, version) = (text(&hints.sec_ch_ua_model), text(&hints.sec_ch_ua_platform_version));
    let version = version.split('.').next().unwrap_or_default();
    if model.is_empty() && version.is_empty() || !header.contains(FROZEN_ANDROID) {
        return Cow::Borrowed(header);
    }
    let model = if model.is_empty() { "K" } else { model };
    let version = if version.is_empty() { "10" } else { version };
    Cow::Owned(header.replacen(FROZEN_ANDROID, &format!("Android {version}; {model})"), 1))
}

/// The system's version, where the hints know it better: of Windows, whose header says 10 for ever, and
/// of macOS, whose header says 10.15.7.
#[must_use]
pub fn os_version<'h>(hints: &'h ClientHeaders<'_>, os: &str) -> Option<&'h str> {
    if hints.sec_ch_ua_platform.is_empty() {
        return None;
    }
    let platform = text(&hints.sec_ch_ua_platform);
    let version = text(&hints.sec_ch_ua_platform_version);
    let major: u32 = version.split('.').next()?.parse().ok().filter(|major| *major > 0)?;
    match os {
        "Windows" if platform.eq_ignore_ascii_case("windows") => Some(if major >= 13 { "11" } else { "10" }),
        "Mac OS X" if platform.eq_ignore_ascii_case("macos") => {
            let is_version = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            // `15.5.0` is what people call 15.5.
            let short = version.strip_suffix(".0").filter(|short| short.contains('.'));
            is_version.then_some(short.unwrap_or(version))
        }
        _ => None,
    }
}

/// A browser that names itself by its brand alone: its header is Chrome's. Name and major version.
#[must_use]
pub fn brand(hints: &ClientHeaders<'_>) -> Option<(&'static str, String)> {
    const BRANDS: [(&str, &str); 6] = [
        ("brave", "Brave"),
        ("vivaldi", "Vivaldi"),
        ("duckduckgo", "DuckDuckGo"),
        ("arc", "Arc"),
        ("opera gx", "Opera GX"),
        ("avast secure browser", "Avast Secure Browser"),
    ];
    if hints.sec_ch_ua.is_empty() {
        return None;
    }
    let brands = lower(&hints.sec_ch_ua);
    // `"Brave";v="124", "Chromium";v="124"`
    brands.split(',').find_map(|one| {
        let (name, version) = one.split_once(";v=")?;
        let (_, name) = BRANDS.iter().find(|(known, _)| *known == name.trim().trim_matches('"'))?;
        let version = version.trim().trim_matches('"');
        let is_version = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        Some((*name, if is_version { version.to_owned() } else { String::new() }))
    })
}

/// A hint is a quoted text.
fn text(hint: &str) -> &str {
    let text = hint.trim().trim_matches('"');
    let is_plain = text.len() <= HINT_BYTES_MAX && !text.contains(['(', ')', ';', '"']);
    if is_plain { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROZEN: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36";

    #[test]
    fn golden_hints() {
        let hints =
            |platform: &'static str, version: &'static str, model: &'static str, brands: &'static str| ClientHeaders {
                sec_ch_ua_platform: platform.into(),
                sec_ch_ua_platform_version: version.into(),
                sec_ch_ua_model: model.into(),
                sec_ch_ua: brands.into(),
                ..ClientHeaders::default()
            };
        let pixel = hints("\"Android\"", "\"14.0.0\"", "\"Pixel 8\"", "");
        assert!(unfreeze_user_agent(FROZEN, &pixel).contains("(Linux; Android 14; Pixel 8)"));
        assert_eq!(unfreeze_user_agent("Mozilla/5.0 (X11)", &pixel), "Mozilla/5.0 (X11)", "it is not frozen");
        assert_eq!(unfreeze_user_agent(FROZEN, &hints("", "", "\"\"", "")), FROZEN);
        assert_eq!(
            unfreeze_user_agent(FROZEN, &hints("", "", "a;b) x", "")),
            FROZEN,
            "what is no model changes nothing"
        );
        assert!(unfreeze_user_agent(FROZEN, &hints("", "\"14.0.0\"", "", "")).contains("(Linux; Android 14; K)"));
        for (platform, version, os, expected) in [
            ("\"Windows\"", "\"15.0.0\"", "Windows", Some("11")),
            ("\"Windows\"", "\"10.0.0\"", "Windows", Some("10")),
            ("\"Windows\"", "\"0.3.0\"", "Windows", None),
            ("\"Windows\"", "", "Windows", None),
            ("\"Windows\"", "\"15.0.0\"", "Android", None),
            ("\"Android\"", "\"14.0.0\"", "Windows", None),
            ("\"macOS\"", "\"15.5.0\"", "Mac OS X", Some("15.5")),
            ("\"macOS\"", "\"26.0.0\"", "Mac OS X", Some("26.0")),
            ("\"macOS\"", "\"26.0\"", "Mac OS X", Some("26.0")),
            ("\"macOS\"", "\"14.6.1\"", "Mac OS X", Some("14.6.1")),
            ("\"macOS\"", "\"15.x\"", "Mac OS X", None),
        ] {
            assert_eq!(os_version(&hints(platform, version, "", ""), os), expected, "{platform} {version} {os}");
        }
        let brave = r#""Brave";v="124", "Chromium";v="124", "Not-A.Brand";v="99""#;
        assert_eq!(brand(&hints("", "", "", brave)), Some(("Brave", "124".to_owned())));
        let chrome = r#""Google Chrome";v="124", "Chromium";v="124", "Not-A.Brand";v="99""#;
        assert_eq!(brand(&hints("", "", "", chrome)), None);
    }
}
