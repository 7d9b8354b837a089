//! A tree from a .tar or .tar.gz, in memory and bounded: an archive is somebody else's file.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;

use super::root::{FILE_BYTES_MAX, Node, Tree};
use crate::error::CommandError;

/// Most bytes of an archive that are unpacked.
const ARCHIVE_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of files that are kept.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// Most entries.
const ENTRIES_MAX: usize = 200_000;
/// Folders by which the top of a tree is known.
const TOPS: [&str; 3] = ["proc", "sys", "etc"];

/// Whether a path is named as an archive.
pub(crate) fn is_archive(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".tar", ".tar.gz", ".tgz"].iter().any(|suffix| name.ends_with(suffix))
}

/// Whether a path is named as a compressed archive.
pub(crate) fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| suffix == "gz" || suffix == "tgz")
}

/// Reads an archive.
pub(crate) fn read_archive(path: &Path) -> Result<Tree, CommandError> {
    let action = format!("reading {}", path.display());
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::not_found(format!("{} does not exist", path.display())),
        _ => CommandError::io(&action, &error),
    })?;
    let file = BufReader::new(file);
    let bytes: Box<dyn Read> = if is_gzip(path) {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let broken = |error: std::io::Error| CommandError::data(format!("{} is no archive: {error}", path.display()));
    let mut archive = tar::Archive::new(bytes.take(ARCHIVE_BYTES_MAX));
    let mut tree = Tree::new();
    let mut kept = 0;
    for (count, entry) in archive.entries().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        let Some(name) = entry.path().ok().and_then(|path| inside(&path)) else {
            continue;
        };
        if count >= ENTRIES_MAX || kept > KEPT_BYTES_MAX {
            let message = format!("{} has more in it than any tree that rules read", path.display());
            return Err(CommandError::data(message));
        }
        let node = node(&mut entry).map_err(broken)?;
        if let Node::File(bytes) = &node {
            kept += bytes.len();
        }
        tree.insert(name, node);
    }
    Ok(below_top(tree))
}

fn node(entry: &mut tar::Entry<'_, impl Read>) -> std::io::Result<Node> {
    let kind = entry.header().entry_type();
    if kind.is_dir() {
        return Ok(Node::Dir);
    }
    if kind.is_symlink() || kind.is_hard_link() {
        let target = entry.link_name()?.map(|target| target.to_string_lossy().into_owned());
        let absolute = |target: String| {
            if kind.is_hard_link() {
                format!("/{target}")
            } else {
                target
            }
        };
        return Ok(target.map_or_else(
            || Node::Lost("is a link to nothing".to_owned()),
            |target| Node::Link(absolute(target)),
        ));
    }
    if !kind.is_file() && !kind.is_gnu_sparse() {
        return Ok(Node::Lost("is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    entry.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Ok(Node::Lost(format!("is longer than {FILE_BYTES_MAX} bytes")));
    }
    Ok(Node::File(bytes))
}

/// The name of an entry in the tree; none for one that would lie outside.
fn inside(path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.to_str()?.to_owned()),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    (!names.is_empty()).then(|| names.join("/"))
}

/// Reports of support tools have everything in one folder.
fn below_top(tree: Tree) -> Tree {
    let first = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let mut tops: Vec<String> = tree.keys().map(|name| first(name)).collect();
    tops.dedup();
    match tops.as_slice() {
        [top] if !TOPS.contains(&top.as_str()) => {
            let prefix = format!("{top}/");
            let inner = |(name, node): (String, Node)| Some((name.strip_prefix(&prefix)?.to_owned(), node));
            tree.into_iter().filter_map(inner).collect()
        }
        _ => tree,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with entries by names that the crate would not write.
    fn archive(names: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(2);
            header.set_cksum();
            out.extend_from_slice(header.as_bytes());
            out.extend_from_slice(b"1\n");
            out.resize(out.len().next_multiple_of(512), 0);
        }
        out.resize(out.len() + 1024, 0);
        out
    }

    #[test]
    fn entries_stay_in_their_tree() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tar");
        std::fs::write(&path, archive(&["../../etc/x", "/etc/y", "./proc/z", "proc/../../w"])).unwrap();
        let tree = read_archive(&path).unwrap();
        assert_eq!(tree.keys().collect::<Vec<_>>(), ["etc/y", "proc/z"]);
    }

    #[test]
    fn a_bomb_is_not_unpacked_to_its_end() {
        use std::io::Write as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bomb.tar.gz");
        let mut gzip = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        let mut header = tar::Header::new_gnu();
        header.set_path("proc/large").unwrap();
        header.set_size(300 << 20);
        header.set_cksum();
        gzip.write_all(header.as_bytes()).unwrap();
        for _ in 0..300 {
            gzip.write_all(&vec![0; 1 << 20]).unwrap();
        }
        gzip.write_all(&archive(&["proc/after"])).unwrap();
        gzip.finish().unwrap();
        let read = read_archive(&path);
        // It is cut off where it is longer than any archive may be, and what comes after that is not there.
        assert!(read.is_err() || read.is_ok_and(|tree| !tree.contains_key("proc/after")));
    }
}
