//! The channels of Grafana Live: one a project.

/// What Grafana allows in the name of a channel.
const NAME_BYTES_MAX: usize = 100;

/// The channel's path of a project; `None` if its name cannot be part of one.
#[must_use]
pub fn path(project: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=' | '.');
    (project.len() <= NAME_BYTES_MAX && project.chars().all(fits)).then(|| format!("live/{project}"))
}

/// The project of a channel's path.
#[must_use]
pub fn project_of(channel: &str) -> Option<&str> {
    channel.strip_prefix("live/").filter(|project| !project.is_empty() && path(project).is_some())
}
