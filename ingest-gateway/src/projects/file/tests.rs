use super::*;
use crate::projects::{
    keys::{KEYS_MAX, KeyHash, Kind},
    reading::RULE_BYTES_MAX,
};

const DEFAULTS: Defaults = Defaults { client_ip: AddressPolicy::Keep, batch_events_max: 5_000 };

fn read(text: &str) -> Vec<Settings> {
    parse(Path::new("p.toml"), text, &DEFAULTS).unwrap()
}

/// What is told of a file.
fn told(text: &str) -> String {
    parse(Path::new("p.toml"), text, &DEFAULTS).unwrap_err().to_string()
}

#[test]
fn every_field_counts() {
    let text = r#"
        [projects.website]
        by_name = false
        allowed_origins = ["https://www.example.com", "https://*.example.com"]
        client_ip = "truncate"
        bots = "drop"
        public_age_days_max = 7
        retention_days = 400
        path_rules = ["/users/me", "/users/*", "/docs/**"]
        ignore_trailing_slash = true
        session_timeout_min = 45
        events_per_s_max = 1_000
        events_burst_max = 6_000
        address_events_per_s_max = 5
        events_per_day_max = 1
        events_per_month_max = 2
        bytes_per_day_max = 3
        bytes_per_month_max = 4

        [[projects.website.keys]]
        name = "backend"
        kind = "secret"
        key = "0123456789abcdef"

        [[projects.website.keys]]
        name = "page"
        kind = "public"
        sha256 = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929e"
        revoked = true

        [projects."example.com"]
        events_per_s_max = 2
    "#;
    let [example, website] = <[Settings; 2]>::try_from(read(text)).unwrap();
    assert!(website.origins.unwrap().allow("https://a.example.com"));
    assert_eq!((website.client_ip, website.bots), (AddressPolicy::Truncate, BotPolicy::Drop));
    let rate = |rate: Option<Rate>| rate.map(|rate| (rate.per_s.get(), rate.burst.get()));
    assert_eq!((rate(website.rate), rate(website.address_rate)), (Some((1_000, 6_000)), Some((5, 100))));
    let quotas = website.quotas;
    let all = [quotas.events_per_day, quotas.events_per_month, quotas.bytes_per_day, quotas.bytes_per_month];
    assert_eq!(all, [1, 2, 3, 4].map(Some));
    assert_eq!((website.by_name, website.public_age_days_max, website.retention_days), (false, 7, Some(400)));
    let reading = website.reading.unwrap();
    assert_eq!(reading.path_rules, ["/users/me", "/users/*", "/docs/**"]);
    assert_eq!((reading.ignore_trailing_slash, reading.session_timeout_min), (true, 45));
    let keys: Vec<_> = website.keys.iter().map(|key| (&*key.name, key.kind, key.is_revoked)).collect();
    assert_eq!(keys, [("backend", Kind::Secret, false), ("page", Kind::Public, true)]);
    assert_eq!(website.keys[0].hash, KeyHash::of("0123456789abcdef"));

    let of_name = Settings::of_name("example.com", AddressPolicy::Keep);
    let default = Settings { public_age_days_max: 30, reading: Some(Reading::default()), ..of_name };
    assert_eq!(rate(example.rate), Some((2, 5_000)), "a full batch passes");
    assert_eq!(Settings { rate: None, ..example }, default);
}

#[test]
fn what_is_wrong_is_told_with_line_field_limit_and_value() {
    for (text, expected) in [
        ("", "line 1: projects is missing: give at least one table [projects.<name>]"),
        ("[projects]", "line 1: projects holds none: give at least one table [projects.<name>]"),
        ("\n[project.app]", "line 2: \"project\" is no known field: do you mean projects?"),
        (
            "[projects.\"a b\"]",
            "line 1: projects.\"a b\" is no project's name: 1 to 64 letters, digits, '.', '_' and '-'",
        ),
        ("[projects]\napp = 1", "line 2: projects.app must be a table, not a whole number"),
        (
            "[projects.app]\nsession_recording = 1",
            "line 2: projects.app.\"session_recording\" is no known field: there are by_name, keys, allowed_origins, client_ip, bots, ",
        ),
        (
            "[projects.app]\nevent_per_day_max = 1",
            "\"event_per_day_max\" is no known field: do you mean events_per_day_max?",
        ),
        (
            "[projects.app]\n\nevents_per_day_max = 0",
            "line 3: projects.app.events_per_day_max is 0, but must be from 1 to 9223372036854775807",
        ),
        ("[projects.app]\nevents_per_day_max = -1", "events_per_day_max is -1, but"),
        ("[projects.app]\nevents_per_day_max = 1.5", "must be a whole number, not a number with a fraction: \"1.5\""),
        ("[projects.app]\nevents_per_day_max = \"1\"", "must be a whole number, not a string: \"1\""),
        ("[projects.app]\npublic_age_days_max = 40_000", "public_age_days_max is 40000, but must be from 1 to 36500"),
        ("[projects.app]\nretention_days = 36_501", "retention_days is 36501, but must be from 0 to 36500"),
        (
            "[projects.app]\nsession_timeout_min = 29",
            "line 2: projects.app.session_timeout_min is 29, but must be from 30 to 1440",
        ),
        ("[projects.app]\nsession_timeout_min = 1_441", "session_timeout_min is 1441, but must be from 30 to 1440"),
        ("[projects.app]\nignore_trailing_slash = \"yes\"", "ignore_trailing_slash must be true or false"),
        ("[projects.app]\npath_rules = \"/a\"", "path_rules must be a list of strings, not a string"),
        (
            "[projects.app]\npath_rules = [\n\"/a\",\n\"users/*\"]",
            "line 4: projects.app.path_rules holds \"users/*\", which does not begin with '/'",
        ),
        ("[projects.app]\npath_rules = [\"/a\",\n\"/a\"]", "line 3: projects.app.path_rules holds \"/a\" twice"),
        (
            "[projects.app]\npath_rules = [\"/a/\"]\nignore_trailing_slash = true",
            "line 2: projects.app.path_rules holds \"/a/\", but with ignore_trailing_slash no path ends with '/'",
        ),
        ("[projects.app]\nby_name = 1", "projects.app.by_name must be true or false, not a whole number: \"1\""),
        (
            "[projects.app]\nby_name = false",
            "line 1: projects.app.by_name is false and there is no key that is not revoked: nobody could send",
        ),
        ("[projects.app]\nbots = \"block\"", "bots is \"block\", but must be \"keep\" or \"drop\""),
        ("[projects.app]\nclient_ip = [1]", "client_ip must be a string, not a list: …"),
        (
            "[projects.app]\nallowed_origins = [\n\"https://a.example\",\n\"a.example\"]",
            "line 4: projects.app.allowed_origins holds \"a.example\", which is no origin",
        ),
        ("[projects.app]\nallowed_origins = \"a\"", "allowed_origins must be a list of strings, not a string"),
        ("[projects.app]\nallowed_origins = [1]", "allowed_origins must hold strings, not a whole number: \"1\""),
        ("[projects.app]\nevents_burst_max = 1", "events_burst_max says nothing without events_per_s_max"),
        ("[projects.app]\nevents_per_s_max = 99_999_999", "is 99999999, but must be from 1 to 10000000"),
        ("[projects.app]\nkeys = [\"0123456789abcdef\"]", "line 2: projects.app.keys must hold tables, not a string"),
        (
            "[projects.app]\nkeys = \"0123456789abcdef\"",
            "line 2: projects.app.keys must be a list of tables, not a string",
        ),
        ("[projects.app]\n[projects.app]", "line 2: is no TOML: "),
        ("[projects.app]\nbots = ", "line 2: is no TOML: "),
    ] {
        let told = told(text);
        assert!(told.starts_with("p.toml: line ") && told.contains(expected), "{text}\n{told}");
    }
    let all = told("[projects.app]\nbots = 1\nby_name = 2\n[projects.b]\nbots = 3");
    assert_eq!(all.matches("line ").count(), 3, "all at once: {all}");
    let many: String = (0..30).map(|n| format!("a{n} = 1\n")).collect();
    assert!(told(&format!("[projects.app]\n{many}")).ends_with("; and 10 more"));
}

#[test]
fn what_is_wrong_with_a_key_is_told_without_the_key() {
    let key = |fields: &str| format!("[projects.app]\n[[projects.app.keys]]\n{fields}");
    let good = "name = \"a\"\nkind = \"secret\"\nkey = \"SECRET-0123456789\"\n";
    for (fields, expected) in [
        ("", "name is missing"),
        ("kind = \"secret\"\nkey = \"SECRET-0123456789\"", "line 2: projects.app.keys[0].name is missing"),
        ("name = \"a\"\nkey = \"SECRET-0123456789\"", "keys[0].kind is missing"),
        (
            "name = \"a\"\nkind = \"hidden\"\nkey = \"SECRET-0123456789\"",
            "kind is \"hidden\", but must be \"public\" or \"secret\"",
        ),
        ("name = \"a\"\nkind = \"secret\"", "key is missing: give it, or its sha256"),
        (
            "name = \"a\"\nkind = \"secret\"\nkey = \"SECRET\"",
            "line 5: projects.app.keys[0].key has 6 bytes, but must have 16 to 256",
        ),
        ("name = \"a\"\nkind = \"secret\"\nkey = [\"SECRET\"]", "keys[0].key must be a string"),
        ("name = \"a\"\nkind = \"secret\"\nsha256 = \"SECRET\"", "sha256 has 6 bytes, but must have 64 to 64"),
        (&format!("name = \"a\"\nkind = \"secret\"\nsha256 = \"{}\"", "SECRET-+".repeat(8)), "sha256 is no SHA-256"),
        (&format!("{good}sha256 = \"{}\"", "0".repeat(64)), "sha256 stands beside key: give one of them"),
        (&format!("{good}kee = \"SECRET\""), "\"kee\" is no known field: do you mean key?"),
        (&format!("{good}[[projects.app.keys]]\n{good}"), "keys[1].name is that of another key"),
        (
            &format!("{good}[projects.b]\n[[projects.b.keys]]\n{good}"),
            "projects.b.keys[0] is the same key as one of app, line 2",
        ),
        ("name = \"a\"\nkind = \"public\"\nkey = \"app\"", "line 2: projects.app.keys hold the name of project app"),
        (&format!("{good}key = SECRET"), "is no TOML"),
        (&format!("{good}key = \"SECRET"), "is no TOML"),
    ] {
        let told = told(&key(fields));
        assert!(told.contains(expected), "{fields}\n{told}");
        assert!(!told.contains("SECRET"), "{told}");
    }
    assert_eq!(
        read(&key("name = \"a\"\nkind = \"public\"\nkey = \"p\""))[0].keys.len(),
        1,
        "a public key may be short"
    );
}

#[test]
fn a_file_has_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.toml");
    assert!(super::read(&path).unwrap_err().to_string().contains("cannot be read"));
    std::fs::write(&path, b"\xff").unwrap();
    assert!(super::read(&path).unwrap_err().to_string().contains("cannot be read"));
    std::fs::write(&path, "#".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() + 1)).unwrap();
    assert!(
        super::read(&path)
            .unwrap_err()
            .to_string()
            .ends_with("has more than 4194304 bytes, which is the most that are allowed")
    );
    let key = |n: usize| format!("{{ name = \"{n}\", kind = \"public\", key = \"key-{n}\" }}");
    let keys =
        |count: usize| format!("[projects.app]\nkeys = [{}]", (0..count).map(key).collect::<Vec<_>>().join(", "));
    assert_eq!(read(&keys(KEYS_MAX))[0].keys.len(), KEYS_MAX);
    assert!(told(&keys(KEYS_MAX + 1)).contains("keys holds 101, at most 100 are allowed"));
    let rule = |n: usize, bytes: usize| format!("\"/{n:0>bytes$}\"", bytes = bytes - 1);
    let rules = |count: usize, bytes: usize| -> String {
        let all: Vec<String> = (0..count).map(|n| rule(n, bytes)).collect();
        format!("[projects.app]\npath_rules = [{}]", all.join(", "))
    };
    let read_rules = |text: &str| read(text)[0].reading.clone().unwrap().path_rules.len();
    assert_eq!(read_rules(&rules(RULES_MAX, 64)), RULES_MAX);
    assert_eq!(read_rules(&rules(16, RULE_BYTES_MAX)), 16);
    assert!(told(&rules(RULES_MAX + 1, 10)).contains("path_rules holds 65, at most 64 are allowed"));
    assert!(told(&rules(1, RULE_BYTES_MAX + 1)).contains("path_rules holds a rule of 257 bytes, at most 256 are"));
    assert!(told(&rules(17, 241)).contains("path_rules have 4097 bytes together, at most 4096 are allowed"));
    let projects: String = (0..=PROJECTS_MAX).map(|n| format!("[projects.p{n}]\n")).collect();
    assert!(told(&projects).contains("holds 10001 projects, at most 10000 are allowed"));
    let kept = |days: u32, count: usize| -> String {
        (0..count).map(|n| format!("[projects.p{n}]\nretention_days = {days}\n")).collect()
    };
    assert_eq!(read(&kept(1, RETENTIONS_MAX)).len(), RETENTIONS_MAX);
    assert_eq!(read(&kept(0, RETENTIONS_MAX + 1)).len(), RETENTIONS_MAX + 1, "for ever is no limit");
    let many = told(&kept(1, RETENTIONS_MAX + 1));
    assert!(many.contains("projects holds retention_days for 1001 projects, at most 1000 are allowed"), "{many}");
}

proptest::proptest! {
    /// Whatever stands in a file: projects, or what is wrong with it.
    #[test]
    fn no_text_panics(text in "(\\[projects\\.[ab]\\]\n|\\[\\[projects\\.a\\.keys\\]\\]\n|[a-z_]{1,4} = [\\[{\"0-9a-z\\]} ,=.]{0,12}\n|key = \"[a-zé]{0,40}\"\n|bots = [a-z\"0-9]{0,6}\n){0,8}") {
        let _ = parse(Path::new("p.toml"), &text, &DEFAULTS).map_err(|error| error.to_string());
    }
}
