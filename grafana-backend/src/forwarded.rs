//! What Grafana passes on of the viewer's own request, for a ClickHouse behind a proxy that knows people by it. Nothing
//! is passed on unless the settings say so, and nothing by which ClickHouse itself would take another user or database.

use crate::settings::{Secret, Settings};

/// Grafana's identity of the viewer; with `oauthPassThru`.
const IDENTITY: [&str; 2] = ["authorization", "x-id-token"];
/// Grafana's name of the viewer; with `forwardGrafanaHeaders`.
const VIEWER: [&str; 1] = ["x-grafana-user"];
/// Grafana's protocol puts it before the names of headers that are not its own.
const OF_HTTP: &str = "http_";
const VALUE_BYTES_MAX: usize = 8_192;

/// The settings with the headers that they want passed on. The viewer's own authorization takes the place of the
/// settings' user, since ClickHouse takes one of them; connections and cached answers are then the viewer's own too.
#[must_use]
pub fn with_forwarded<'h>(mut settings: Settings, headers: impl Iterator<Item = (&'h str, &'h str)>) -> Settings {
    let mut found: Vec<(String, Secret)> = headers
        .filter_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let name = name.strip_prefix(OF_HTTP).unwrap_or(&name);
            let is_wanted = (settings.oauth_pass_thru && IDENTITY.contains(&name))
                || (settings.forward_grafana_headers && VIEWER.contains(&name));
            let fits = value.len() <= VALUE_BYTES_MAX && http::HeaderValue::try_from(value).is_ok();
            (is_wanted && fits).then(|| (name.to_owned(), Secret::new(value)))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.dedup_by(|(one, _), (other, _)| one == other);
    if found.iter().any(|(name, _)| name == IDENTITY[0]) {
        settings.username = String::new();
        settings.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(IDENTITY[0]));
    }
    settings.headers.extend(found);
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{DataSourceInstanceSettings, PluginContext};

    fn settings(json: &str) -> Settings {
        let instance = DataSourceInstanceSettings { json_data: json.as_bytes().to_vec(), ..Default::default() };
        let context = PluginContext { data_source_instance_settings: Some(instance), ..PluginContext::default() };
        Settings::read(Some(&context)).unwrap()
    }

    fn names(json: &str) -> (String, Vec<String>) {
        let headers = [
            ("Authorization", "Bearer abc"),
            ("X-Id-Token", "def"),
            ("http_X-Grafana-User", "ada"),
            ("X-ClickHouse-User", "default"),
            ("http_X-ClickHouse-Key", "x"),
            ("Cookie", "grafana_session=1"),
        ];
        let settings = with_forwarded(settings(json), headers.into_iter());
        (settings.username, settings.headers.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn nothing_is_passed_on_unless_the_settings_say_so() {
        let (user, none) = names(r#"{"username": "reader"}"#);
        assert_eq!((user.as_str(), none.len()), ("reader", 0));
        let (user, viewer) = names(r#"{"username": "reader", "forwardGrafanaHeaders": true}"#);
        assert_eq!((user.as_str(), viewer.as_slice()), ("reader", ["x-grafana-user".to_owned()].as_slice()));
        let (user, identity) = names(r#"{"username": "reader", "oauthPassThru": true}"#);
        assert_eq!((user.as_str(), identity.join(" ").as_str()), ("", "authorization x-id-token"));
    }
}
