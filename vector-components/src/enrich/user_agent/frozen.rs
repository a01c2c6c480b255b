//! Systems that a header does not name where one looks for them: versions that browsers froze, and
//! systems that pass for another.
//!
//! Rule's source: WebKit (since iOS 26 Safari says `OS 18_6` or `18_7` for ever, and its own version is the
//! system's); Huawei's guide to ArkWeb's default user agent (`OpenHarmony 6.0`, with an Android or a
//! Windows behind it for old sites' sake).

use super::device_type::HARMONY;

/// The first version of iOS whose own header does not name it; the ones from 19 to 25 never were.
const IOS_FROZEN_MIN: u32 = 26;

/// The system that `header` is of, if it is another than the rules read there, and its version;
/// `words` are those of [`WORDS`](super::WORDS) that are in it.
pub fn system<'h>(header: &'h str, words: u16, os: &str, os_major: &str) -> Option<(&'static str, &'h str)> {
    if words & HARMONY != 0
        && let Some((before, behind)) = header.split_once("Harmony")
    {
        // Not a phone that is called so.
        if let Some(behind) = behind.strip_prefix("OS").or_else(|| before.ends_with("Open").then_some(behind)) {
            return Some(("HarmonyOS", version(behind)));
        }
    }
    if os != "iOS" || major(os_major)? >= IOS_FROZEN_MIN {
        return None;
    }
    let (_, behind) = header.split_once(" Version/")?;
    let safari = version(behind);
    (major(safari)? >= IOS_FROZEN_MIN).then_some(("iOS", safari))
}

/// The version that a text begins with, behind one sign at most.
fn version(text: &str) -> &str {
    let text = text.strip_prefix([' ', '/', '-']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_systems() {
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1";
        for (header, os, major, expected) in [
            (safari, "iOS", "18", Some(("iOS", "26.2"))),
            (safari, "iOS", "26", None),
            (safari, "Mac OS X", "10", None),
            ("x Version/18.6 Mobile/15E148", "iOS", "18", None),
            ("x Version/x Mobile/15E148", "iOS", "18", None),
            ("Mozilla/5.0 (PC; OpenHarmony 5.0) x", "", "", Some(("HarmonyOS", "5.0"))),
            ("x (2in1;OpenHarmony-6.0.2.130;HAD-W24)", "", "", Some(("HarmonyOS", "6.0.2.130"))),
            ("OpenHarmony", "Android", "10", Some(("HarmonyOS", ""))),
            ("(Linux; Android 10; HarmonyOS; TET-AN00; HMSCore 6.1)", "Android", "10", Some(("HarmonyOS", ""))),
            ("x BDOS/1.0 (HarmonyOS 2.1.0) y", "Android", "10", Some(("HarmonyOS", "2.1.0"))),
            ("(Linux; Android 8.1.0; A512 Harmony Pro)", "Android", "8", None),
            ("curl/8", "", "", None),
        ] {
            assert_eq!(system(header, HARMONY, os, major), expected, "{header}");
        }
    }
}
