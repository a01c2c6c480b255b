//! The projects in numbers.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// How many projects there are, and what became of changes of their file.
#[derive(Default)]
pub struct ProjectMetrics {
    count: Gauge,
    is_valid: Gauge,
    reloads: Family<ReloadLabel, Counter>,
}

/// What became of a changed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// Its projects count.
    Taken,
    /// Something is wrong with it.
    Refused,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReloadLabel {
    result: &'static str,
}

impl Reload {
    fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
        }
    }
}

impl ProjectMetrics {
    /// Enters them into the registry.
    pub fn register(&self, registry: &mut Registry) {
        for reload in [Reload::Taken, Reload::Refused] {
            let _ = self.reloads.get_or_create(&ReloadLabel { result: reload.as_str() });
        }
        registry.register("projects", "Projects whose events are taken", self.count.clone());
        let help = "1 if the newest file of projects counts, 0 if something is wrong with it and the one before does";
        registry.register("projects_file_valid", help, self.is_valid.clone());
        registry.register("projects_reloads", "Changes of the file of projects, by result", self.reloads.clone());
    }

    /// So many are taken now, as the newest file says.
    pub fn are(&self, count: usize) {
        self.count.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.is_valid.set(1);
    }

    /// The file has changed.
    pub fn reloaded(&self, reload: Reload) {
        if reload == Reload::Refused {
            self.is_valid.set(0);
        }
        self.reloads.get_or_create(&ReloadLabel { result: reload.as_str() }).inc();
    }
}
