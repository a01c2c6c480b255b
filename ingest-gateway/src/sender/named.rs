//! What a claim means: a project by its name, or by a key.

use std::sync::Arc;

use crate::{
    outcome::{ProjectSource, RequestError},
    projects::{Project, Refusal, Registry, keys::Kind},
    wire::ProjectClaim,
};

/// The project that a claim names.
#[derive(Clone)]
pub struct Named {
    /// The project.
    pub project: Arc<Project>,
    /// It was named by a secret key: what the sender says of others is believed.
    pub by_secret: bool,
}

/// What one claim means.
pub(super) struct Meant {
    pub(super) source: ProjectSource,
    pub(super) value: String,
    pub(super) project: Option<Arc<Project>>,
    /// It is a key, of this kind.
    pub(super) key: Option<Kind>,
}

impl Meant {
    pub(super) fn name(&self) -> &str {
        self.project.as_ref().map_or(&self.value, |project| project.name())
    }
}

/// A project's name is public, even if a key reads the same. A secret key has no place in an address, nor where a
/// project's name is expected: both are written into logs.
pub(super) fn meant(registry: &Registry, ProjectClaim { source, value }: ProjectClaim) -> Result<Meant, RequestError> {
    let is_name = !matches!(source, ProjectSource::Key(_));
    if let Some(project) = registry.by_name(&value).filter(|_| is_name) {
        return Ok(Meant { source, project: Some(Arc::clone(project)), key: None, value });
    }
    let takes_secrets = matches!(source, ProjectSource::Key(_) | ProjectSource::Token(_));
    let by_key = registry.by_key(&value, source.field())?.filter(|(_, kind)| takes_secrets || *kind == Kind::Public);
    match by_key {
        Some((project, kind)) => Ok(Meant { source, project: Some(Arc::clone(project)), key: Some(kind), value }),
        None if is_name => Ok(Meant { source, project: None, key: None, value }),
        None => Err(Refusal::UnknownKey { field: source.field() }.into()),
    }
}

impl Named {
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.project, &other.project) && self.by_secret == other.by_secret
    }
}
