use vector_components::{Privacy, privacy::AddressPolicy};

use super::*;

const DEFAULTS: Defaults = Defaults { client_ip: AddressPolicy::Keep, batch_events_max: 5_000 };
const VALID: &str = "[projects.app]\nevents_per_s_max = 1\nevents_burst_max = 2\n";

struct File {
    path: PathBuf,
    live: Live,
    seen: Seen,
    _folder: tempfile::TempDir,
}

impl File {
    fn open(text: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("projects.toml");
        std::fs::write(&path, text).unwrap();
        let parts = Parts { privacy: Privacy::default(), usages: Default::default(), addresses: Default::default() };
        let live = Live::open(Source::File(path.clone()), DEFAULTS, parts, Arc::default())?;
        let seen = Seen { judged: live.opened, newer: None };
        Ok(Self { path, live, seen, _folder: folder })
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.path, text).unwrap();
    }

    fn look(&mut self) {
        self.seen.look(&self.live, &self.path, false);
    }

    fn hang_up(&mut self) {
        self.seen.look(&self.live, &self.path, true);
    }

    fn names(&self) -> Vec<String> {
        self.live.now().names().map(str::to_owned).collect()
    }

    fn told(&self) -> String {
        self.live.problem().unwrap_or_default()
    }
}

#[test]
fn a_new_file_counts_a_wrong_one_is_told_and_a_mended_one_counts_again() {
    let mut file = File::open(VALID).unwrap();
    file.look();
    file.look();
    assert_eq!((file.names(), file.told()), (vec!["app".to_owned()], String::new()));
    assert!(
        !file.live.metrics.text().contains("footfall_projects_reloads_total{result=\"taken\"} 1"),
        "nothing is new"
    );

    file.write("[projects.app]\n[projects.shop]\n");
    file.look();
    assert_eq!(file.names(), ["app"], "it may still be written");
    file.look();
    assert_eq!(file.names(), ["app", "shop"]);
    assert!(file.live.metrics.text().contains("footfall_projects_reloads_total{result=\"taken\"} 1"));

    file.write("[projects.app]\n[projects.shop]\nbotts = \"drop\"\n");
    for _ in 0..4 {
        file.look();
    }
    assert_eq!(file.names(), ["app", "shop"]);
    let told = format!("{}: line 3: projects.shop.\"botts\" is no known field: do you mean bots?", file.path.display());
    assert_eq!(file.told(), told);
    let metrics = file.live.metrics.text();
    assert!(metrics.contains("footfall_projects_file_valid 0\n"), "{metrics}");
    assert!(metrics.contains("footfall_projects_reloads_total{result=\"refused\"} 1\n"), "told once: {metrics}");

    std::fs::remove_file(&file.path).unwrap();
    file.look();
    file.look();
    assert!(file.told().contains("cannot be read"), "{}", file.told());
    assert_eq!(file.names(), ["app", "shop"]);

    file.write("[projects.shop]\n");
    file.look();
    file.look();
    assert_eq!((file.names(), file.told()), (vec!["shop".to_owned()], String::new()));
    assert!(file.live.metrics.text().contains("footfall_projects_file_valid 1\n"));
}

#[test]
fn sighup_reads_at_once() {
    let mut file = File::open(VALID).unwrap();
    file.write("[projects.shop]\n");
    file.hang_up();
    assert_eq!(file.names(), ["shop"]);
}

#[test]
fn a_file_that_is_wrong_at_the_start_is_an_error() {
    let error = format!("{:#}", File::open("[projects.app]\nbots = 1\n").err().unwrap());
    assert!(
        error.starts_with("FOOTFALL_PROJECTS_FILE: ") && error.contains("line 2: projects.app.bots must be"),
        "{error}"
    );
}

#[test]
fn a_project_goes_on_where_it_was_and_a_request_keeps_the_one_that_it_began_with() {
    let mut file = File::open(VALID).unwrap();
    let sender = super::super::Sender { ip: [203, 0, 113, 7].into(), origin: None, by_secret: false, now_ms: 0 };
    let before = file.live.now();
    let project = before.by_name("app").unwrap();
    project.admit(&sender, 2).unwrap();
    file.write(&format!("{VALID}bots = \"drop\"\n"));
    file.hang_up();
    let now = file.live.now();
    let changed = now.by_name("app").unwrap();
    assert!(changed.drops_bots() && !project.drops_bots());
    assert!(changed.admit(&sender, 2).is_err(), "another setting gives no new burst");
    file.write("[projects.app]\nevents_per_s_max = 1\nevents_burst_max = 3\n");
    file.hang_up();
    file.live.now().by_name("app").unwrap().admit(&sender, 3).unwrap();
}
