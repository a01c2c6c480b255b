//! Ingredients of synthetic visits: pages, sources, locations and browsers.

/// The shop.
pub const HOST: &str = "https://shop.example";

/// An IP address in one of [`NETWORKS`]; `pick` chooses a number from an inclusive range.
pub fn address(network: &str, mut pick: impl FnMut(u16, u16) -> u16) -> String {
    if let Some(prefix) = network.strip_suffix("::") {
        return format!("{prefix}::{:x}", pick(1, 0xfffe));
    }
    let (prefix, range) = network.rsplit_once('.').unwrap_or((network, "1-254"));
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let bound = |text: &str| text.parse().unwrap_or(1);
    format!("{prefix}.{}", pick(bound(low), bound(high)))
}

/// Where visits start.
pub const ENTRIES: [&str; 5] = ["/", "/", "/", "/blog/why-self-host", "/pricing"];
/// The pages of the shop.
pub const PAGES: [&str; 9] = [
    "/",
    "/features",
    "/docs",
    "/docs/install",
    "/blog",
    "/blog/why-self-host",
    "/blog/kafka-at-home",
    "/about",
    "/contact",
];

/// The entry's query string and its referrer.
pub const SOURCES: [(&str, &str); 9] = [
    ("", ""),
    ("", ""),
    ("", "https://www.google.com/"),
    ("", "https://duckduckgo.com/"),
    ("", "https://news.ycombinator.com/"),
    ("", "https://www.reddit.com/r/selfhosted"),
    ("?utm_source=newsletter&utm_medium=email&utm_campaign=spring", ""),
    ("?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=x", "https://www.google.com/"),
    ("?utm_source=mastodon&utm_medium=social&utm_campaign=launch", "https://mastodon.social/"),
];

/// Networks from MaxMind's test database, with a matching locale.
pub const NETWORKS: [(&str, &str); 24] = [
    ("81.2.69.144-159", "en-GB"),
    ("81.2.69.160-191", "en-GB"),
    ("2.125.160.217-222", "en-GB"),
    ("89.160.20.128-254", "sv-SE"),
    ("89.160.20.113-126", "sv-SE"),
    ("175.16.199.1-254", "zh-CN"),
    ("216.160.83.57-62", "en-US"),
    ("216.160.83.57-62", "en-US"),
    ("214.78.0.1-254", "en-US"),
    ("214.78.0.1-254", "en-US"),
    ("2001:218::", "ja-JP"),
    ("2001:220::", "ko-KR"),
    ("2001:238::", "zh-TW"),
    ("2a02:d180::", "de-DE"),
    ("2a02:d480::", "de-DE"),
    ("2a02:d600::", "de-DE"),
    ("2a02:d340::", "fr-FR"),
    ("2a02:d580::", "fr-FR"),
    ("2a02:d1c0::", "it-IT"),
    ("2a02:d5c0::", "es-ES"),
    ("2a02:e040::", "nl-NL"),
    ("2a02:d100::", "pl-PL"),
    ("2a02:d740::", "de-CH"),
    ("2a02:d140::", "nb-NO"),
];

/// Real browsers, and one crawler at the end.
pub const USER_AGENTS: [&str; 12] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];
