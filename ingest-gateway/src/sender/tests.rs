use proptest::prelude::*;
use vector_components::{Privacy, privacy::AddressPolicy};

use super::*;
use crate::projects::{
    Defaults, Parts, Settings, Source,
    keys::{Key, KeyHash},
};

const SECRET: &str = "secret-key-of-app";
const VALUES: [&str; 10] =
    ["", "app", "shop", "closed", "pk-app", "pk-old", SECRET, "secret-key-of-closed", "secret-key-of-apq", "App"];
const SOURCES: [ProjectSource; 4] = [
    ProjectSource::Key("Authorization"),
    ProjectSource::Header("X-App"),
    ProjectSource::Query("project"),
    ProjectSource::Token("token"),
];

/// `app` has a key of each kind and a revoked one; `closed` takes nothing without its key.
fn senders() -> Senders {
    let key = |key: &str, kind, is_revoked| Key { name: key.to_owned(), kind, hash: KeyHash::of(key), is_revoked };
    let mut all = ["app", "shop", "closed"].map(|name| Settings::of_name(name, AddressPolicy::Keep));
    all[0].keys =
        vec![key(SECRET, Kind::Secret, false), key("pk-app", Kind::Public, false), key("pk-old", Kind::Public, true)];
    all[2].keys = vec![key("secret-key-of-closed", Kind::Secret, false)];
    all[2].by_name = false;
    let parts = Parts { privacy: Privacy::default(), usages: Default::default(), addresses: Default::default() };
    let defaults = Defaults { client_ip: AddressPolicy::Keep, batch_events_max: 5_000 };
    let projects = Live::open(Source::Listed(all.into()), defaults, parts, Arc::default()).unwrap();
    Senders { projects: Arc::new(projects), trusted_proxies: Vec::new(), rates: Rates::default() }
}

fn claims() -> impl Strategy<Value = Vec<ProjectClaim>> {
    let value = prop_oneof![prop::sample::select(&VALUES[..]).prop_map(str::to_owned), ".{0,20}"];
    let claim = (prop::sample::select(&SOURCES[..]), value).prop_map(|(source, value)| ProjectClaim { source, value });
    prop::collection::vec(claim, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// However claims are put together: what is believed comes with a secret key in its place, and nobody sends for a
    /// project that no claim names.
    #[test]
    fn nobody_is_believed_without_a_secret_key(claims in claims()) {
        let senders = senders();
        let Ok(named) = senders.named(&senders.projects.now(), claims.clone()) else { return Ok(()) };
        let secret = if named.project.name() == "closed" { "secret-key-of-closed" } else { SECRET };
        let is_secret = |claim: &ProjectClaim| {
            claim.value == secret && matches!(claim.source, ProjectSource::Key(_) | ProjectSource::Token(_))
        };
        prop_assert_eq!(named.by_secret, claims.iter().any(is_secret), "{:?}", claims);
        let names = match named.project.name() {
            "app" => &["app", "pk-app", SECRET][..],
            "shop" => &["shop"],
            _ => &["closed", "secret-key-of-closed"],
        };
        prop_assert!(claims.iter().all(|claim| claim.value.is_empty() || names.contains(&&*claim.value)), "{:?}", claims);
        prop_assert!(named.by_secret || named.project.name() != "closed");
    }
}
