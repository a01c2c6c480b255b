//! What kind of site a host or a campaign's source is: search, social, video, …
//!
//! Rule's source: Google's list of source categories, data/ga4_sources.tsv, whole; and our additions,
//! data/sources.tsv. The longest host that fits wins, so that mail.google.com is mail and not search; of
//! the same host, Google's word.

use std::{borrow::Cow, collections::HashMap};

use foldhash::fast::RandomState;

const GA4_SOURCES_TSV: &str = include_str!("../../data/ga4_sources.tsv");
const SOURCES_TSV: &str = include_str!("../../data/sources.tsv");

/// The kind of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SourceKind {
    Search,
    Ai,
    Social,
    Video,
    Shopping,
    Email,
    /// Known, but of none of these kinds: maps, documents and other products of a search engine's company.
    Other,
}

impl SourceKind {
    /// The name in the list.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Ai => "ai",
            Self::Social => "social",
            Self::Video => "video",
            Self::Shopping => "shopping",
            Self::Email => "email",
            Self::Other => "other",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Search, Self::Ai, Self::Social, Self::Video, Self::Shopping, Self::Email, Self::Other];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The lists, by host and by name.
#[derive(Debug)]
pub struct Sources {
    /// Host without a wildcard, or `name.` for `name.*`.
    by_host: HashMap<&'static str, Source, RandomState>,
    /// What a campaign's source may be beside a host, in lower case.
    by_name: HashMap<String, Source, RandomState>,
}

/// A known source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its kind.
    pub kind: SourceKind,
    /// Its name, such as `Google`.
    pub name: &'static str,
}

impl Default for Sources {
    fn default() -> Self {
        let mut out = Self { by_host: HashMap::default(), by_name: HashMap::default() };
        for (source, spellings) in lines(GA4_SOURCES_TSV) {
            for spelling in spellings.split('|') {
                if spelling.contains('.') {
                    out.by_host.insert(spelling, source);
                } else {
                    out.by_name.insert(spelling.to_lowercase(), source);
                }
            }
        }
        for (source, hosts) in lines(SOURCES_TSV) {
            for host in hosts.split(' ') {
                out.by_host.entry(host.strip_suffix('*').unwrap_or(host)).or_insert(source);
            }
        }
        for (source, _) in lines(SOURCES_TSV).chain(lines(GA4_SOURCES_TSV)) {
            out.by_name.entry(source.name.to_lowercase()).or_insert(source);
        }
        out
    }
}

/// The sources of a list, each with what it is known by.
fn lines(list: &'static str) -> impl Iterator<Item = (Source, &'static str)> {
    list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let kind = SourceKind::parse(columns.next()?)?;
        Some((Source { kind, name: columns.next()? }, columns.next()?))
    })
}

impl Sources {
    /// The source of a host, itself or by the longest domain above it.
    #[must_use]
    pub fn of_host(&self, host: &str) -> Option<Source> {
        let mut domain = host;
        loop {
            if let Some(source) = self.by_host.get(domain).or_else(|| self.of_any_country(domain)) {
                return Some(*source);
            }
            domain = domain.split_once('.')?.1;
        }
    }

    /// The source that a `utm_source` names: by host, by name, or by `name.`.
    #[must_use]
    pub fn of_campaign(&self, utm_source: &str) -> Option<Source> {
        let name = lower(utm_source.trim());
        if name.is_empty() {
            return None;
        }
        let by_wildcard = || self.by_host.get(format!("{name}.").as_str()).copied();
        self.by_name.get(&*name).copied().or_else(|| self.of_host(&name)).or_else(by_wildcard)
    }

    /// `google.de` and `google.co.uk` for `google.*`: at most two labels behind the name.
    fn of_any_country(&self, domain: &str) -> Option<&Source> {
        let (rest, top) = domain.rsplit_once('.')?;
        let named = |name: &str| self.by_host.get(&domain[..=name.len()]);
        let by_one = if top.len() <= 3 { named(rest) } else { None };
        by_one.or_else(|| {
            let (name, second) = rest.rsplit_once('.')?;
            if second.len() <= 3 && top.len() == 2 { named(name) } else { None }
        })
    }
}

/// In lower case; borrowed if it is so already.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_hosts() {
        let sources = Sources::default();
        for (host, expected) in [
            ("google.com", Some((SourceKind::Search, "Google"))),
            ("google.co.uk", Some((SourceKind::Search, "Google"))),
            ("news.google.de", Some((SourceKind::Search, "Google"))),
            ("mail.google.com", Some((SourceKind::Email, "Gmail"))),
            ("gemini.google.com", Some((SourceKind::Ai, "Gemini"))),
            ("m.facebook.com", Some((SourceKind::Social, "Facebook"))),
            ("t.co", Some((SourceKind::Social, "X"))),
            ("maps.google.de", Some((SourceKind::Other, "Google"))),
            ("deref-gmx.ch", Some((SourceKind::Email, "GMX"))),
            ("email.ionos.co.uk", Some((SourceKind::Email, "IONOS"))),
            ("mail.yahoo.co.jp", Some((SourceKind::Email, "Yahoo Mail"))),
            ("mail.yandex.ru", Some((SourceKind::Search, "Yandex Mail"))),
            ("news.google.com", Some((SourceKind::Search, "Google News"))),
            ("l.messenger.com", Some((SourceKind::Social, "Messenger"))),
            ("checkout.stripe.com", Some((SourceKind::Shopping, "Stripe"))),
            ("blog.example.social", None),
            ("notgoogle.com", None),
            ("google.evil.example", None),
            ("google.com.evil.example", None),
            ("x.example", None),
            ("", None),
        ] {
            assert_eq!(sources.of_host(host).map(|s| (s.kind, s.name)), expected, "{host}");
        }
        let name = |utm| sources.of_campaign(utm).map(|s| s.name);
        assert_eq!(
            (name("google"), name("Facebook"), name("fb"), name("t.co")),
            (Some("Google"), Some("Facebook"), Some("Facebook"), Some("X"))
        );
        assert_eq!((name("newsletter"), name(""), name("hacker news")), (None, None, Some("Hacker News")));
    }
}
