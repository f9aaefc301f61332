//! The path of the module that a file is, as Cargo and the compiler see it: `src/a/b.rs` is `krate::a::b`.
//!
//! `#[path = ".."]` and modules that `include!` brings are not known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The packages that files belong to, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Packages(Mutex<HashMap<PathBuf, Option<Package>>>);

#[derive(Debug, Clone)]
struct Package {
    folder: PathBuf,
    name: String,
}

impl Packages {
    /// Returns the path of the module that a file is. Without a `Cargo.toml` above, the file is a crate of its own.
    pub(crate) fn module_of(&self, file: &Path) -> String {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let package = file.parent().and_then(|folder| self.package_of(folder));
        let Some(package) = package else { return text(&file) };
        match file.strip_prefix(&package.folder) {
            Ok(within) => module(&package.name, within),
            Err(_) => text(&file),
        }
    }

    fn package_of(&self, folder: &Path) -> Option<Package> {
        if let Ok(known) = self.0.lock()
            && let Some(package) = known.get(folder)
        {
            return package.clone();
        }
        let package = match name_of(&folder.join("Cargo.toml")) {
            Some(name) => Some(Package { folder: folder.to_owned(), name }),
            None => folder.parent().and_then(|parent| self.package_of(parent)),
        };
        if let Ok(mut known) = self.0.lock() {
            known.insert(folder.to_owned(), package.clone());
        }
        package
    }
}

/// Returns the name by which code knows a package; `None` if the file is missing or describes no package.
fn name_of(manifest: &Path) -> Option<String> {
    let manifest: toml::Table = std::fs::read_to_string(manifest).ok()?.parse().ok()?;
    let package = manifest.get("package")?.get("name")?.as_str()?;
    let library = manifest.get("lib").and_then(|library| library.get("name")).and_then(toml::Value::as_str);
    Some(library.unwrap_or(package).replace('-', "_"))
}

/// Returns the module of a file, by its path within its package.
fn module(package: &str, file: &Path) -> String {
    let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy()).collect();
    let (mut path, rest) = match parts.as_slice() {
        [source, bin, name, rest @ ..] if source == "src" && bin == "bin" => {
            (format!("{package} bin/{}", stem(name)), rest)
        }
        [source, rest @ ..] if source == "src" => (package.to_owned(), rest),
        // Each file of these folders is a crate, and so is each folder in them.
        [folder, name, rest @ ..] => (format!("{package} {folder}/{}", stem(name)), rest),
        [name] => (format!("{package} {name}"), [].as_slice()),
        [] => (package.to_owned(), [].as_slice()),
    };
    for (index, part) in rest.iter().enumerate() {
        let name = stem(part);
        let last = index + 1 == rest.len();
        if !(last && (name == "mod" || index == 0 && matches!(name, "lib" | "main"))) {
            path = format!("{path}::{name}");
        }
    }
    path
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".rs").unwrap_or(name)
}

/// A whole path as the name of a crate.
fn text(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_modules_as_cargo_sees_them() {
        for (file, path) in [
            ("src/lib.rs", "app"),
            ("src/main.rs", "app"),
            ("src/a.rs", "app::a"),
            ("src/a/mod.rs", "app::a"),
            ("src/a/b.rs", "app::a::b"),
            ("src/a/lib.rs", "app::a::lib"),
            ("src/bin/tool.rs", "app bin/tool"),
            ("src/bin/tool/main.rs", "app bin/tool"),
            ("src/bin/tool/part.rs", "app bin/tool::part"),
            ("tests/it.rs", "app tests/it"),
            ("tests/it/main.rs", "app tests/it"),
            ("tests/it/part.rs", "app tests/it::part"),
            ("build.rs", "app build.rs"),
        ] {
            assert_eq!(module("app", Path::new(file)), path, "{file}");
        }
    }

    #[test]
    fn package_is_found_upward_and_named_by_its_library() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = Packages::default();
        assert_eq!(packages.module_of(&folder.join("src/gate/rust.rs")), "timestamp_cli::gate::rust");
        assert_eq!(
            packages.module_of(&folder.join("../timestamp-core/src/clock.rs")).rsplit("::").next(),
            Some("clock")
        );
    }
}
