//! A crate's modules, each with its items.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use syn::{Attribute, Item, Meta};

use super::Name;

/// What a module holds, without tests and without its own modules.
pub struct Module {
    pub items: Vec<Item>,
}

/// Every module from the crate's first file on.
///
/// # Errors
/// If a file is missing or cannot be parsed.
pub fn load(first: &Path, read: &dyn Fn(&Path) -> Option<String>) -> anyhow::Result<BTreeMap<Name, Module>> {
    let mut modules = BTreeMap::new();
    let source = read(first).with_context(|| format!("cannot read {}", first.display()))?;
    let folder = first.parent().map(Path::to_path_buf).unwrap_or_default();
    let items = syn::parse_file(&source).with_context(|| format!("cannot parse {}", first.display()))?.items;
    Loader { read, modules: &mut modules }.add(Vec::new(), &folder, items)?;
    Ok(modules)
}

/// Whether it is compiled for tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        attribute.path().is_ident("cfg") && list.tokens.to_string() == "test"
    })
}

struct Loader<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    modules: &'a mut BTreeMap<Name, Module>,
}

impl Loader<'_> {
    /// Takes a module's items; the files of its modules lie in `folder`.
    fn add(&mut self, name: Name, folder: &Path, items: Vec<Item>) -> anyhow::Result<()> {
        let mut own = Vec::new();
        for item in items {
            match item {
                Item::Mod(module) if is_test(&module.attrs) => {}
                Item::Mod(module) => {
                    let child = module.ident.to_string();
                    let child_folder = folder.join(&child);
                    let items = match module.content {
                        Some((_, items)) => items,
                        None => self.parse(folder, &child)?,
                    };
                    self.add(name.iter().cloned().chain([child]).collect(), &child_folder, items)?;
                }
                item => own.push(item),
            }
        }
        self.modules.insert(name, Module { items: own });
        Ok(())
    }

    fn parse(&self, folder: &Path, name: &str) -> anyhow::Result<Vec<Item>> {
        let candidates: [PathBuf; 2] = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
        for file in &candidates {
            if let Some(source) = (self.read)(file) {
                let parsed = syn::parse_file(&source).with_context(|| format!("cannot parse {}", file.display()))?;
                return Ok(parsed.items);
            }
        }
        bail!("cannot read {}", candidates[0].display())
    }
}
