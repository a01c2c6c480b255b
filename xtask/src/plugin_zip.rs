//! What Grafana's loader requires of a plugin's folder, and its validator of a zip, as far as it can be known without
//! either: `docs/develop.md` says how to run the validator itself.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::portable::Machine;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a drawing must not have: Grafana shows it in its own pages.
const UNSAFE_IN_SVG: [&str; 5] = ["<script", "<foreignobject", "javascript:", " on", "<!entity"];

/// Manifest → files → pictures → source map → nested plugins.
///
/// # Errors
/// Names the plugin and what it lacks.
pub fn check(folder: &Path, id: &str) -> anyhow::Result<()> {
    check_within(folder, id, id)
}

/// `installed` is the plugin whose zip it is in.
fn check_within(folder: &Path, id: &str, installed: &str) -> anyhow::Result<()> {
    let manifest = manifest(folder)?;
    check_manifest(&manifest, id)?;
    check_texts(folder, id)?;
    check_pictures(folder, id, &manifest)?;
    check_module(folder, installed)?;
    if manifest["backend"] == true {
        check_program(folder)?;
    }
    check_includes(folder, id, installed, &manifest)
}

fn manifest(folder: &Path) -> anyhow::Result<Value> {
    let file = folder.join("plugin.json");
    let text = fs::read_to_string(&file).with_context(|| format!("{} does not exist", file.display()))?;
    ensure!(!text.contains('%'), "{} contains a placeholder", file.display());
    Ok(serde_json::from_str(&text)?)
}

fn check_manifest(manifest: &Value, id: &str) -> anyhow::Result<()> {
    ensure!(manifest["id"] == id, "plugin.json of {id} has the id {}", manifest["id"]);
    let version = &manifest["info"]["version"];
    ensure!(version == VERSION, "plugin.json of {id} has the version {version}");
    for (pointer, what) in [
        ("/name", "a name"),
        ("/type", "a type"),
        ("/info/author/name", "an author"),
        ("/info/description", "a description"),
        ("/info/updated", "a date"),
        ("/info/keywords/0", "keywords"),
        ("/info/links/0/url", "links"),
        ("/info/screenshots/0/path", "screenshots"),
        ("/dependencies/grafanaDependency", "the minimum Grafana version"),
    ] {
        let text = manifest.pointer(pointer).and_then(Value::as_str);
        ensure!(text.is_some_and(|text| !text.is_empty()), "plugin.json of {id} lacks {what}");
    }
    let kind = manifest["type"].as_str().unwrap_or_default();
    ensure!(id.ends_with(&format!("-{kind}")), "the id {id} does not end with its type, {kind}");
    for link in manifest["info"]["links"].as_array().into_iter().flatten() {
        let url = link["url"].as_str().unwrap_or_default();
        ensure!(url.starts_with("https://"), "{id}: {url:?} is not an https address");
    }
    Ok(())
}

fn check_texts(folder: &Path, id: &str) -> anyhow::Result<()> {
    let text = |name: &str| {
        let text = fs::read_to_string(folder.join(name)).with_context(|| format!("{id} has no {name}"))?;
        ensure!(!text.trim().is_empty(), "{id}: {name} is empty");
        Ok(text)
    };
    let license = text("LICENSE")?;
    ensure!(
        license.contains("END OF TERMS AND CONDITIONS") && license.contains("APPENDIX") && !license.contains("[yyyy]"),
        "{id}: LICENSE is incomplete"
    );
    ensure!(!text("README.md")?.contains("<!--"), "{id}: README.md contains comments");
    text("CHANGELOG.md")?;
    text("THIRD_PARTY_LICENSES.txt").map(drop)
}

fn check_pictures(folder: &Path, id: &str, manifest: &Value) -> anyhow::Result<()> {
    let info = &manifest["info"];
    let logos = ["small", "large"].map(|size| info["logos"][size].as_str());
    let screenshots = info["screenshots"].as_array().into_iter().flatten().map(|shot| shot["path"].as_str());
    for path in logos.into_iter().chain(screenshots) {
        let path = path.with_context(|| format!("{id} has a picture without a path"))?;
        let data = fs::read(folder.join(path)).with_context(|| format!("{id}: {path} does not exist"))?;
        if path.ends_with(".svg") {
            let drawing = String::from_utf8_lossy(&data).to_ascii_lowercase();
            let found = UNSAFE_IN_SVG.iter().find(|what| drawing.contains(**what));
            ensure!(found.is_none(), "{id}: {path} contains {:?}", found.unwrap_or(&""));
        } else {
            ensure!(data.starts_with(b"\x89PNG"), "{id}: {path} is neither PNG nor SVG");
        }
    }
    Ok(())
}

/// Its sources are those of the plugin that is installed, by which the validator finds them.
fn check_module(folder: &Path, id: &str) -> anyhow::Result<()> {
    ensure!(folder.join("module.js").is_file(), "{id} has no module.js");
    let map = fs::read_to_string(folder.join("module.js.map")).with_context(|| format!("{id} has no source map"))?;
    let map: Value = serde_json::from_str(&map)?;
    let sources: Vec<&str> = map["sources"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let own = format!("webpack://{id}/");
    let foreign = sources.iter().find(|source| source.starts_with("webpack://") && !source.starts_with(&own));
    ensure!(
        !sources.is_empty() && foreign.is_none(),
        "{id}: the source map names {:?}, which is not the plugin's",
        foreign.unwrap_or(&"nothing")
    );
    Ok(())
}

fn check_program(folder: &Path) -> anyhow::Result<()> {
    let program = folder.join(Machine::this().program_name());
    let mode =
        fs::metadata(&program).with_context(|| format!("{} does not exist", program.display()))?.permissions().mode();
    ensure!(mode & 0o777 == 0o755, "{} has mode {mode:o}, not 0755", program.display());
    Ok(())
}

/// What is included exists, and every plugin inside is included.
fn check_includes(folder: &Path, id: &str, installed: &str, manifest: &Value) -> anyhow::Result<()> {
    let included: Vec<(&str, &str)> = manifest["includes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|each| (each["type"].as_str().unwrap_or_default(), each["path"].as_str().unwrap_or_default()))
        .collect();
    for (_, path) in included.iter().filter(|(kind, _)| *kind == "dashboard") {
        ensure!(folder.join(path).is_file(), "{id} includes {path}, which does not exist");
    }
    for inside in plugins_inside(folder)? {
        let path = inside.strip_prefix(folder)?.join("plugin.json").display().to_string();
        let manifest = self::manifest(&inside)?;
        let kind = manifest["type"].as_str().unwrap_or_default();
        ensure!(included.contains(&(kind, path.as_str())), "{id} does not include {path} as a {kind}");
        check_within(&inside, manifest["id"].as_str().unwrap_or_default(), installed)?;
    }
    Ok(())
}

/// Folders below with a manifest.
fn plugins_inside(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.join("plugin.json").is_file() {
                found.push(path);
            } else {
                found.extend(plugins_inside(&path)?);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::root;

    const ID: &str = "footfall-test-panel";
    static MADE: AtomicUsize = AtomicUsize::new(0);

    /// A plugin that passes, in a folder of its own.
    fn plugin() -> PathBuf {
        let number = MADE.fetch_add(1, Ordering::Relaxed).to_string();
        let folder = root().join("target/tmp/plugin-zip").join(number).join(ID);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("img")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        let manifest = json!({
            "id": ID, "name": "Test", "type": "panel",
            "info": {
                "author": {"name": "Footfall"}, "description": "A test", "updated": "2026-11-30", "version": VERSION,
                "keywords": ["test"], "links": [{"name": "Test", "url": "https://test.example"}],
                "logos": {"small": "img/logo.svg", "large": "img/logo.svg"},
                "screenshots": [{"name": "Test", "path": "img/test.png"}],
            },
            "dependencies": {"grafanaDependency": ">=12.3.0"},
        });
        write("plugin.json", &manifest.to_string());
        write("LICENSE", "END OF TERMS AND CONDITIONS\nAPPENDIX");
        for name in ["README.md", "CHANGELOG.md", "THIRD_PARTY_LICENSES.txt", "module.js"] {
            write(name, "text");
        }
        write("img/logo.svg", "<svg/>");
        fs::write(folder.join("img/test.png"), b"\x89PNG").unwrap();
        write("module.js.map", &json!({"sources": [format!("webpack://{ID}/./module.ts")]}).to_string());
        folder
    }

    #[test]
    fn a_complete_plugin_passes() {
        let folder = plugin();
        check(&folder, ID).unwrap();
    }

    #[test]
    fn what_is_missing_or_unsafe_is_named() {
        for (file, text, expected) in [
            ("LICENSE", "short", "LICENSE is incomplete"),
            ("README.md", "<!-- draft -->", "contains comments"),
            ("CHANGELOG.md", " ", "CHANGELOG.md is empty"),
            ("img/logo.svg", "<svg><script/></svg>", "<script"),
            ("img/test.png", "GIF89a", "neither PNG nor SVG"),
            ("module.js.map", r#"{"sources": ["webpack://other/./a.ts"]}"#, "not the plugin's"),
            ("plugin.json", r#"{"id": "%PLUGIN_ID%"}"#, "placeholder"),
        ] {
            let folder = plugin();
            fs::write(folder.join(file), text).unwrap();
            let error = format!("{:#}", check(&folder, ID).unwrap_err());
            assert!(error.contains(expected), "{file}: {error}");
        }
    }

    #[test]
    fn a_plugin_inside_has_to_be_included() {
        let (folder, inside) = (plugin(), plugin());
        fs::rename(inside, folder.join("inside")).unwrap();
        let error = check(&folder, ID).unwrap_err().to_string();
        assert!(error.contains("does not include inside/plugin.json as a panel"), "{error}");
    }
}
