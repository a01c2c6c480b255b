//! The options of `footfall_enrich`.

use std::{path::PathBuf, sync::Arc};

use vector::{
    config::{GenerateConfig, Input, OutputId, TransformConfig, TransformContext, TransformOutput},
    schema::Definition,
    transforms::Transform,
};
use vector_components::{
    Enricher,
    enrich::{Language, UserAgents, VisitorSalt},
};
use vector_lib::{
    configurable::configurable_component, lookup::lookup_v2::ConfigTargetPath, sensitive_string::SensitiveString,
};

use super::{
    output_form::OutputForm,
    transform::{Enrich, VisitorOf},
};
use crate::{
    dropped,
    geoip::{self, GeoFiles},
    privacy::PrivacyConfig,
};

/// The transform's name in the configuration.
pub const NAME: &str = "footfall_enrich";

/// Configuration for the `footfall_enrich` transform.
#[configurable_component(transform(
    "footfall_enrich",
    "Turn messages from Footfall's topic into rows for its events table."
))]
#[derive(Clone, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct EnrichConfig {
    /// The output format of a row.
    pub output: OutputForm,

    /// The field that holds the visitor, such as the key of the gateway's messages. Events without
    /// it are dropped, unless `salt` is set.
    pub visitor_field: ConfigTargetPath,

    /// The salt for computing visitors from an event's ids, address and user agent if it has no
    /// `visitor_field`: 32 hexadecimal digits, a secret.
    #[configurable(metadata(docs::examples = "SECRET[footfall.visitor_salt]"))]
    pub salt: Option<SensitiveString>,

    /// A MaxMind City database, such as `GeoLite2-City.mmdb`. Reloaded when it changes.
    #[configurable(metadata(docs::examples = "/var/lib/GeoIP/GeoLite2-City.mmdb"))]
    pub geoip: Option<PathBuf>,

    /// A MaxMind ASN database, such as `GeoLite2-ASN.mmdb`. Reloaded when it changes.
    #[configurable(metadata(docs::examples = "/var/lib/GeoIP/GeoLite2-ASN.mmdb"))]
    pub geoip_asn: Option<PathBuf>,

    /// The language of place names: `en`, `de`, `es`, `fr`, `ja`, `pt-BR`, `ru` or `zh-CN`.
    pub geoip_language: String,

    /// What to remove before enrichment. If unset, nothing is removed, because the gateway has already done so.
    #[configurable(derived)]
    pub privacy: Option<PrivacyConfig>,
}

impl Default for EnrichConfig {
    fn default() -> Self {
        Self {
            output: OutputForm::default(),
            visitor_field: ConfigTargetPath(vrl::owned_event_path!("message_key")),
            salt: None,
            geoip: None,
            geoip_asn: None,
            geoip_language: "en".to_owned(),
            privacy: None,
        }
    }
}

impl GenerateConfig for EnrichConfig {
    fn generate_config() -> toml::Value {
        // Serializing plain options always gives a table.
        toml::Value::try_from(Self::default()).unwrap_or_else(|_| toml::Value::Table(toml::Table::new()))
    }
}

impl EnrichConfig {
    fn geo_files(&self) -> Result<GeoFiles, String> {
        let language: Language = self.geoip_language.parse().map_err(|error| format!("geoip_language: {error}"))?;
        Ok(GeoFiles { city: self.geoip.clone(), asn: self.geoip_asn.clone(), language })
    }

    fn visitor(&self) -> Result<VisitorOf, String> {
        // `vector validate` does not query secret backends: a placeholder is neither a salt nor an error.
        let given = self.salt.as_ref().map(SensitiveString::inner).filter(|salt| !salt.starts_with("SECRET["));
        let salt = given.map(|salt| {
            // A secret: the message must not repeat it.
            let digits = Some(salt).filter(|salt| salt.len() == 32 && salt.is_ascii());
            let bits = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
            bits.map(|bits| VisitorSalt(bits.to_be_bytes())).ok_or("salt: not 32 hexadecimal digits")
        });
        Ok(VisitorOf { field: self.visitor_field.clone(), salt: salt.transpose()? })
    }

    fn transform(&self) -> Result<Enrich, String> {
        let files = self.geo_files()?;
        let privacy = self.privacy.as_ref().map(PrivacyConfig::checked).transpose()?;
        let user_agents = UserAgents::new().map_err(|error| error.to_string())?;
        let enricher = Arc::new(Enricher::new(user_agents, files.read()?));
        geoip::watch(files, &enricher);
        Ok(Enrich::new(enricher, self.visitor()?, privacy, self.output))
    }
}

#[async_trait::async_trait]
#[typetag::serde(name = "footfall_enrich")]
impl TransformConfig for EnrichConfig {
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
        let privacy = self.privacy.as_ref().map_or(Ok(()), |privacy| privacy.checked().map(drop));
        let found = [self.geo_files().map(drop), self.visitor().map(drop), privacy];
        let errors: Vec<_> = found.into_iter().filter_map(Result::err).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn validate_env(&self, _: &TransformContext) -> Result<(), Vec<String>> {
        self.geo_files().and_then(|files| files.read()).map(drop).map_err(|error| vec![error])
    }

    fn enable_concurrency(&self) -> bool {
        true
    }
}
