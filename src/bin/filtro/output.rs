//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::failure::Failure;

/// Writes a file under another name and renames it once it is whole. Where a link stands, the file
/// that it points to is written; a file that is there keeps its permissions.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(path, bytes)
        .map_err(|error| Failure::input(format!("{}: cannot be written: {error}", path.display())))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &target(path)?;
    let there = match fs::metadata(path) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if there.is_some() {
        // What may not be written is not replaced either; of a folder this is the error.
        let mut file = OpenOptions::new().write(true).open(path)?;
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            // A device or a named pipe, such as /dev/null.
            return file.write_all(bytes);
        }
    }
    let (part, mut file) = part_of(path)?;
    let permissions = there.map(|there| there.permissions());
    permissions
        .map_or(Ok(()), |permissions| file.set_permissions(permissions))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| fs::rename(&part, path))
        .inspect_err(|_| {
            // The file may not have come to be.
            let _ = fs::remove_file(&part);
        })
}

/// The file that a path's links lead to, whether it is there or not.
fn target(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = path.with_file_name("").join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// A new file beside a path, of a name as short as any file system takes.
fn part_of(path: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    const MOST_TRIES: usize = 100;
    let mut failed = None;
    for _ in 0..MOST_TRIES {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = path.with_file_name(format!(".{}.{number}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(file) => return Ok((part, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::other("no name is free")))
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path)
        .map_err(|error| Failure::input(format!("{}: no folder there: {error}", path.display())))
}
