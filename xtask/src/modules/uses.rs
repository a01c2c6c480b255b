//! Which modules a module's paths lead to.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    ItemFn, ItemImpl, ItemUse, Macro, Path, UseTree,
    visit::{self, Visit},
};

use super::{
    Name,
    tree::{Module, is_test},
};

/// The modules that `module`, called `name`, uses, itself left out.
pub fn of(name: &Name, module: &Module, modules: &BTreeMap<Name, Module>) -> BTreeSet<Name> {
    let mut reader = Reader { name, modules, used: BTreeSet::new() };
    module.items.iter().for_each(|item| reader.visit_item(item));
    reader.used.remove(name);
    reader.used
}

struct Reader<'a> {
    name: &'a Name,
    modules: &'a BTreeMap<Name, Module>,
    used: BTreeSet<Name>,
}

impl Reader<'_> {
    /// Takes a path as written.
    fn take(&mut self, written: &[String]) {
        let mut at: Name = match written.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self" | "super") => self.name.clone(),
            // A name of this module, or of another crate.
            Some(first) if self.is_child(first) => self.name.clone(),
            _ => return,
        };
        for segment in written {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(at.pop()),
                _ => {
                    at.push(segment.clone());
                    if !self.modules.contains_key(&at) {
                        at.pop();
                        break;
                    }
                }
            }
        }
        self.used.insert(at);
    }

    fn is_child(&self, first: &str) -> bool {
        let mut child = self.name.clone();
        child.push(first.to_owned());
        self.modules.contains_key(&child)
    }

    fn take_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.take_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.take(&with(&name.ident)),
            UseTree::Rename(rename) => self.take(&with(&rename.ident)),
            UseTree::Glob(_) => self.take(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take_tree(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.take_tree(&[], &item.tree);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if !is_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let written: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&written);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        // Tokens print with spaces between them; a path ends where no `::` follows.
        let tokens = item.tokens.to_string();
        for rest in tokens.split("crate ::").skip(1) {
            let names = rest.split("::").map(str::trim);
            let names = names.map(|name| name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(""));
            let written: Vec<String> = ["crate"].into_iter().chain(names.take(8)).map(str::to_owned).collect();
            self.take(&written);
        }
    }
}
