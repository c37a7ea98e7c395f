//! The rooms of `src`: a file imports what lies in its own room or below, never what lies above.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, top to bottom: a folder or a file of `src`. What is not named lies below all: words,
/// which know no device.
const ROOMS: [&str; 40] = [
    "lib.rs",
    "reference",
    "nn",
    "tuning",
    "ceiling.rs",
    "shaders.rs",
    "picture",
    "filters.rs",
    "interop",
    "run",
    "numbers.rs",
    "upload.rs",
    "tensor.rs",
    "storage.rs",
    "device.rs",
    "gpu/mod.rs",
    "gpu/variants.rs",
    "gpu/plans.rs",
    "gpu/conv2d",
    "gpu/pool2d",
    "gpu/software",
    "gpu/strip",
    "gpu/tile",
    "gpu/normalization",
    "gpu/elementwise",
    "gpu/rearrange",
    "gpu/texture",
    "gpu/training",
    "gpu/ceiling.rs",
    "gpu/runtime",
    "cpu/mod.rs",
    "cpu/conv2d",
    "cpu/pool2d",
    "cpu/normalization",
    "cpu/elementwise",
    "cpu/rearrange",
    "cpu/texture",
    "cpu/training",
    "cpu/ceiling.rs",
    "cpu/kit",
];
/// Below those.
const LOW: [&str; 2] = ["choice", "ops"];

fn is_in(file: &str, room: &str) -> bool {
    file == room || file.starts_with(&format!("{room}/"))
}

/// The place of a file's room, from the top, and the room.
fn room(file: &str) -> (usize, &str) {
    let rooms = ROOMS.into_iter().chain(LOW).enumerate();
    rooms.into_iter().find(|(_, room)| is_in(file, room)).unwrap_or((usize::MAX, "words"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() && !path.ends_with("bin") => {
                files(&path, found);
            }
            Some(ending) if ending == "rs" => found.push(path),
            _ => {}
        }
    }
}

/// The path of a file's module.
fn module(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("lib");
    ["crate"]
        .into_iter()
        .chain(path.split('/'))
        .filter(|part| !part.is_empty())
        .map(String::from)
        .collect()
}

/// What is no test and no comment.
fn code_of(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths of a `use`, without its braces.
fn leaves(tree: &str, prefix: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        let path = format!("{prefix}{path}");
        found.push(path.trim_end_matches("::self").to_string());
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if !rest[start..at].trim().is_empty() {
                    leaves(&rest[start..at], &prefix, found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The modules that a file declares for tests alone.
fn test_modules(file: &str, text: &str) -> Vec<Vec<String>> {
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next());
    let names = declared.filter_map(|line| line.split_once("mod ")?.1.strip_suffix(';'));
    names.map(|name| [module(file), vec![name.to_string()]].concat()).collect()
}

struct Sources {
    /// The code of every file that is not for tests alone.
    code: BTreeMap<String, String>,
    modules: BTreeMap<Vec<String>, String>,
    /// Where names lead that a module hands on.
    handed_on: BTreeMap<Vec<String>, Vec<String>>,
}

impl Sources {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        files(&root, &mut paths);
        let texts: BTreeMap<_, _> = paths
            .into_iter()
            .map(|path| {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                (name, fs::read_to_string(&path).unwrap())
            })
            .collect();
        let tests = texts.iter().flat_map(|(file, text)| test_modules(file, text));
        let tests: Vec<_> = tests.collect();
        let is_test = |file: &str| tests.iter().any(|test| module(file).starts_with(test));
        let code = texts.iter().filter(|(file, _)| !is_test(file));
        let code: BTreeMap<_, _> = code.map(|(file, text)| (file.clone(), code_of(text))).collect();
        let modules = code.keys().map(|file| (module(file), file.clone())).collect();
        let mut sources = Self { code, modules, handed_on: BTreeMap::new() };
        let mut handed_on = BTreeMap::new();
        for (file, code) in &sources.code {
            for (public, path) in uses(code) {
                if let Some(path) = sources.absolute(file, &path).filter(|_| public) {
                    let name = path.last().unwrap().clone();
                    handed_on.insert([module(file), vec![name]].concat(), path);
                }
            }
        }
        sources.handed_on = handed_on;
        sources
    }

    /// A path from the crate's root, if it is of this crate.
    fn absolute(&self, file: &str, path: &str) -> Option<Vec<String>> {
        let mut base = module(file);
        let mut parts: Vec<_> = path.split("::").map(String::from).collect();
        match parts[0].as_str() {
            "crate" => return Some(parts),
            "self" => drop(parts.remove(0)),
            "super" => {
                while parts.first().is_some_and(|part| part == "super") {
                    parts.remove(0);
                    base.pop();
                }
            }
            child => {
                let child = [base.clone(), vec![child.to_string()]].concat();
                self.modules.get(&child)?;
            }
        }
        Some([base, parts].concat())
    }

    /// The file that a path leads to.
    fn file(&self, path: &[String]) -> Option<&str> {
        for len in (1..=path.len()).rev().filter(|&len| !self.modules.contains_key(&path[..len])) {
            if let Some(target) = self.handed_on.get(&path[..len]) {
                return self.file(&[target.as_slice(), &path[len..]].concat());
            }
        }
        (1..=path.len()).rev().find_map(|len| self.modules.get(&path[..len])).map(String::as_str)
    }

    /// The files that a file names.
    fn named(&self, file: &str) -> BTreeSet<&str> {
        let code = &self.code[file];
        let mut paths: Vec<_> = uses(code).into_iter().map(|(_, path)| path).collect();
        for start in ["crate::", "super::"] {
            for (at, _) in code.match_indices(start) {
                let is_path =
                    |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
                let path = code[at..].split(|letter| !is_path(letter)).next().unwrap_or_default();
                // What stands before braces is among the uses.
                if !path.ends_with("::") {
                    paths.push(path.to_string());
                }
            }
        }
        let named = paths.iter().filter_map(|path| self.absolute(file, path));
        named.filter_map(|path| self.file(&path)).filter(|named| *named != file).collect()
    }
}

/// The paths that are imported, and whether they are handed on.
fn uses(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let line = code[..at].rsplit('\n').next().unwrap_or_default().trim();
        if line.is_empty() || (line.starts_with("pub") && !line.contains(' ')) {
            let tree = code[at + 4..].split(';').next().unwrap_or_default();
            let mut paths = Vec::new();
            leaves(&tree.replace('\n', " "), "", &mut paths);
            found.extend(paths.into_iter().map(|path| (!line.is_empty(), path)));
        }
    }
    found
}

#[test]
fn imports_run_downwards() {
    let sources = Sources::read();
    for room in ROOMS.into_iter().chain(LOW) {
        let found = sources.code.keys().any(|file| is_in(file, room));
        assert!(found, "there is no src/{room}");
    }
    let mut arrows = 0;
    let mut upwards = Vec::new();
    for file in sources.code.keys() {
        let (from, own) = room(file);
        for named in sources.named(file) {
            let (to, other) = room(named);
            arrows += usize::from(own != other);
            if to < from {
                upwards.push(format!("{file} ({own}) names {named} ({other})"));
            }
        }
    }
    assert!(arrows > 300, "{arrows} arrows are too few to be all");
    assert!(upwards.is_empty(), "imports that run upwards:\n{}", upwards.join("\n"));
}
