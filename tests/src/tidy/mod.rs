//! The repository's promises as checks: each takes text, and gives one line for every place that breaks the promise.
//!
//! `tests/tests/tidy.rs` runs them on this repository; the unit tests beside each check show it failing.

pub mod arrows;
pub mod events;
pub mod pages;
pub mod readme;
pub mod source;
pub mod template;
pub mod variables;
pub mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The functions of the suite: the folders below `functions/`.
pub const FUNCTIONS: [&str; 3] = ["authorizer", "hipchat-proxy", "lambda-invoker"];

/// Every text file of the repository that a person wrote, by its path from the root, with `/` between folders.
pub type Files = BTreeMap<String, String>;

/// Folders that tools fill and git ignores.
const FILLED_BY_TOOLS: [&str; 6] = [".git", ".tools", ".aws-sam", "target", "node_modules", "__pycache__"];

/// The root of this repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Reads the repository below `root`. Files that are not UTF-8 are left out.
///
/// # Errors
/// What the file system says.
pub fn read(root: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                let name = entry.file_name();
                if !FILLED_BY_TOOLS.iter().any(|skipped| name == *skipped) {
                    waiting.push(path);
                }
            } else if kind.is_file()
                && let Ok(text) = String::from_utf8(fs::read(&path)?)
                && let Ok(name) = path.strip_prefix(root)
            {
                files.insert(name.to_string_lossy().replace('\\', "/"), text);
            }
        }
    }
    Ok(files)
}
