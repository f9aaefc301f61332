//! The names that a module or a block gives to things: its imports, type aliases, modules and items.

use syn::{Item, ItemUse, Stmt, UseTree, Visibility};

use crate::gate::rust::names::{Meaning, Scope};
use crate::gate::rust::paths::{as_written, type_path};

/// Returns the names of a module.
pub(crate) fn of_items<'a>(items: impl IntoIterator<Item = &'a Item>) -> Scope {
    let mut scope = Scope::default();
    for item in items {
        add_item(&mut scope, item);
    }
    scope
}

/// Returns the names of a block.
pub(crate) fn of_statements(statements: &[Stmt]) -> Scope {
    of_items(statements.iter().filter_map(|statement| match statement {
        Stmt::Item(item) => Some(item),
        Stmt::Local(_) | Stmt::Expr(..) | Stmt::Macro(_) => None,
    }))
}

fn add_item(scope: &mut Scope, item: &Item) {
    let (name, meaning, visible) = match item {
        Item::Use(import) => return add_import(scope, import),
        Item::ExternCrate(import) => {
            let name = import.rename.as_ref().map_or(&import.ident, |(_, name)| name);
            (name, Meaning::Alias(format!("::{}", import.ident)), &import.vis)
        }
        Item::Type(alias) => {
            let meaning = type_path(&alias.ty).map_or(Meaning::Item, |path| Meaning::Alias(as_written(path)));
            (&alias.ident, meaning, &alias.vis)
        }
        Item::Mod(module) => (&module.ident, Meaning::Module, &module.vis),
        Item::Struct(item) => (&item.ident, Meaning::Item, &item.vis),
        Item::Enum(item) => (&item.ident, Meaning::Item, &item.vis),
        Item::Union(item) => (&item.ident, Meaning::Item, &item.vis),
        Item::Trait(item) => (&item.ident, Meaning::Item, &item.vis),
        Item::TraitAlias(item) => (&item.ident, Meaning::Item, &item.vis),
        Item::Fn(item) => (&item.sig.ident, Meaning::Item, &item.vis),
        Item::Const(item) => (&item.ident, Meaning::Item, &item.vis),
        Item::Static(item) => (&item.ident, Meaning::Item, &item.vis),
        _ => return,
    };
    let name = plain(name);
    if is_visible(visible) {
        scope.handed_on.insert(name.clone());
    }
    scope.add(name, meaning);
}

fn add_import(scope: &mut Scope, import: &ItemUse) {
    let leading = if import.leading_colon.is_some() { "::" } else { "" };
    let visible = is_visible(&import.vis);
    add_tree(scope, leading, &import.tree, visible);
}

/// Adds what a part of an import brings, where `before` is the path up to it, with its colons.
fn add_tree(scope: &mut Scope, before: &str, tree: &UseTree, visible: bool) {
    let (name, path) = match tree {
        UseTree::Path(path) => {
            return add_tree(scope, &format!("{before}{}::", plain(&path.ident)), &path.tree, visible);
        }
        UseTree::Group(group) => {
            return group.items.iter().for_each(|tree| add_tree(scope, before, tree, visible));
        }
        UseTree::Glob(_) => {
            let module = before.strip_suffix("::").unwrap_or(before);
            if visible {
                scope.globs_handed_on.push(module.to_owned());
            }
            return scope.globs.push(module.to_owned());
        }
        // `use std::time::{self}` imports `time`.
        UseTree::Name(name) if name.ident == "self" => {
            let path = before.strip_suffix("::").unwrap_or(before);
            (path.rsplit("::").next().unwrap_or(path).to_owned(), path.to_owned())
        }
        UseTree::Rename(rename) if rename.ident == "self" => {
            (plain(&rename.rename), before.strip_suffix("::").unwrap_or(before).to_owned())
        }
        UseTree::Name(name) => (plain(&name.ident), format!("{before}{}", plain(&name.ident))),
        UseTree::Rename(rename) => (plain(&rename.rename), format!("{before}{}", plain(&rename.ident))),
    };
    if name == "_" {
        return;
    }
    if visible {
        scope.handed_on.insert(name.clone());
    }
    scope.add(name, Meaning::Alias(path));
}

/// Returns a name without the `r#` of raw identifiers.
pub(crate) fn plain(name: &proc_macro2::Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

fn is_visible(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<String> {
        let file: syn::File = syn::parse_str(code).unwrap();
        let scope = of_items(&file.items);
        let mut names: Vec<_> = scope
            .names
            .iter()
            .flat_map(|(name, meanings)| meanings.iter().map(move |meaning| format!("{name}: {meaning:?}")))
            .collect();
        names.extend(scope.globs.iter().map(|glob| format!("*: {glob}")));
        names.sort();
        names
    }

    #[test]
    fn imports_are_flattened() {
        assert_eq!(
            names("use std::{time::{self, SystemTime as Wall, *}, fmt as _}; use ::chrono as c; use super::r#type;"),
            [
                r#"*: std::time"#,
                r#"Wall: Alias("std::time::SystemTime")"#,
                r#"c: Alias("::chrono")"#,
                r#"time: Alias("std::time")"#,
                r#"type: Alias("super::type")"#,
            ]
        );
    }

    #[test]
    fn aliases_and_items_are_names_too() {
        assert_eq!(
            names(
                "type A = chrono::DateTime<chrono::Utc>; type B = (u8, u8); extern crate time as t; mod m; struct S;"
            ),
            [r#"A: Alias("chrono::DateTime")"#, "B: Item", "S: Item", "m: Module", r#"t: Alias("::time")"#,]
        );
    }
}
