//! The options of `footfall_validate`.

use vector::{
    config::{GenerateConfig, Input, OutputId, TransformConfig, TransformContext, TransformOutput},
    schema::Definition,
    transforms::Transform,
};
use vector_lib::{configurable::configurable_component, lookup::lookup_v2::ConfigTargetPath};

use super::transform::{ProjectOf, Validate};
use crate::{dropped, privacy::PrivacyConfig};

/// The transform's name in the configuration.
pub const NAME: &str = "footfall_validate";

/// Configuration for the `footfall_validate` transform.
#[configurable_component(transform(
    "footfall_validate",
    "Validate clients' events against Footfall's event contract and convert them to the format of its topic."
))]
#[derive(Clone, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct ValidateConfig {
    /// The allowed projects. If empty, any project is allowed.
    #[configurable(metadata(docs::examples = "website"))]
    pub projects: Vec<String>,

    /// The project for events without a `project_field`.
    #[configurable(metadata(docs::examples = "website"))]
    pub project: Option<String>,

    /// The field that holds an event's project, such as a header captured by the `http_server`
    /// source.
    pub project_field: ConfigTargetPath,

    /// The field that holds the client's address.
    pub address_field: ConfigTargetPath,

    /// The field that holds the client's `User-Agent`.
    pub user_agent_field: ConfigTargetPath,

    /// The field that holds the client's `Accept-Language`.
    pub accept_language_field: ConfigTargetPath,

    /// What to remove from events.
    #[configurable(derived)]
    pub privacy: PrivacyConfig,
}

impl Default for ValidateConfig {
    fn default() -> Self {
        Self {
            projects: Vec::new(),
            project: None,
            project_field: ConfigTargetPath(vrl::owned_event_path!("X-App")),
            address_field: ConfigTargetPath(vrl::owned_event_path!("host")),
            user_agent_field: ConfigTargetPath(vrl::owned_event_path!("User-Agent")),
            accept_language_field: ConfigTargetPath(vrl::owned_event_path!("Accept-Language")),
            privacy: PrivacyConfig::default(),
        }
    }
}

impl GenerateConfig for ValidateConfig {
    fn generate_config() -> toml::Value {
        let example = Self { projects: vec!["website".to_owned()], ..Self::default() };
        // Serializing plain options always gives a table.
        toml::Value::try_from(example).unwrap_or_else(|_| toml::Value::Table(toml::Table::new()))
    }
}

impl ValidateConfig {
    fn projects(&self) -> Result<ProjectOf, String> {
        if let Some(project) = &self.project
            && !self.projects.is_empty()
            && !self.projects.contains(project)
        {
            return Err(format!("project: {project:?} is not in `projects`"));
        }
        Ok(ProjectOf {
            field: self.project_field.clone(),
            otherwise: self.project.clone(),
            allowed: self.projects.iter().cloned().collect(),
        })
    }

    fn transform(&self) -> Result<Validate, String> {
        Ok(Validate {
            project: self.projects()?,
            address: self.address_field.clone(),
            user_agent: self.user_agent_field.clone(),
            accept_language: self.accept_language_field.clone(),
            privacy: self.privacy.checked()?,
        })
    }
}

#[async_trait::async_trait]
#[typetag::serde(name = "footfall_validate")]
impl TransformConfig for ValidateConfig {
    async fn build(&self, _: &TransformContext) -> vector::Result<Transform> {
        Ok(Transform::synchronous(self.transform()?))
    }

    fn input(&self) -> Input {
        Input::log()
    }

    fn outputs(&self, _: &TransformContext, input_definitions: &[(OutputId, Definition)]) -> Vec<TransformOutput> {
        dropped::outputs(input_definitions)
    }

    fn validate(&self, _: &TransformContext) -> Result<(), Vec<String>> {
        self.transform().map(drop).map_err(|error| vec![error])
    }

    fn enable_concurrency(&self) -> bool {
        true
    }
}
