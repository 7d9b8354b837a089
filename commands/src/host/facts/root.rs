//! Where facts are read: this machine, a directory with a tree of /proc, /sys and /etc, or such a tree in memory.
//! Links in a tree never lead out of it, reads are bounded, and everything read is remembered for a capture.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::fact::Fact;
use super::measured::{MEASURED_FILE, Measured};

/// Longest file that is read; all that rules read is far below.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;
/// Most names of a directory that are read.
const NAMES_MAX: usize = 200_000;
/// Most links on the way to a file, as in the kernel.
const LINKS_MAX: usize = 40;
/// The kernel's "no such process", which reading a file of a process that ends gives.
const ESRCH: i32 = 3;

/// Something in a tree in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A file.
    File(Vec<u8>),
    /// A directory.
    Dir,
    /// A link to there.
    Link(String),
    /// A file that was not kept, and why.
    Lost(String),
}

/// A tree in memory, by paths without a slash at the start.
pub(crate) type Tree = BTreeMap<String, Node>;

/// Something that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A file.
    File(Vec<u8>),
    /// The names in a directory.
    Names(Vec<String>),
    /// Nothing, and why.
    Unreadable(String),
}

#[derive(Debug)]
enum Place {
    Live,
    Dir(PathBuf),
    Memory(Tree),
}

/// A place to read facts below.
#[derive(Debug)]
pub(crate) struct Root {
    place: Place,
    seen: RefCell<BTreeMap<String, Seen>>,
    measured: RefCell<Measured>,
}

/// What is at a path, links not followed.
enum Kind {
    Link(String),
    Other,
}

impl Root {
    /// This machine.
    pub(crate) fn live() -> Self {
        Self::at(Place::Live)
    }

    /// A directory with a tree.
    pub(crate) fn dir(path: &Path) -> Self {
        Self::at(Place::Dir(path.to_owned()))
    }

    /// A tree in memory.
    pub(crate) fn memory(tree: Tree) -> Self {
        Self::at(Place::Memory(tree))
    }

    fn at(place: Place) -> Self {
        let root = Self {
            place,
            seen: RefCell::default(),
            measured: RefCell::default(),
        };
        if !root.is_live()
            && let Some(measured) = root
                .read(MEASURED_FILE)
                .value()
                .and_then(|bytes| Measured::parse(bytes))
        {
            *root.measured.borrow_mut() = measured;
        }
        root
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.place, Place::Live)
    }

    /// What the kernel was asked that no file tells.
    pub(crate) fn measured(&self) -> Measured {
        self.measured.borrow().clone()
    }

    /// An answer of the kernel: asked for and kept on this machine, looked up in a captured tree.
    pub(crate) fn measure<T: Clone>(
        &self,
        ask: impl FnOnce() -> Fact<T>,
        keep: impl FnOnce(&mut Measured, Fact<T>),
        kept: impl FnOnce(&Measured) -> Option<Fact<T>>,
    ) -> Fact<T> {
        if self.is_live() {
            let answer = ask();
            keep(&mut self.measured.borrow_mut(), answer.clone());
            return answer;
        }
        let untold =
            || Fact::Unreadable("the tree does not tell it; kfleet host capture makes one that does".to_owned());
        kept(&self.measured.borrow()).unwrap_or_else(untold)
    }

    /// Everything that was read.
    pub(crate) fn seen(&self) -> BTreeMap<String, Seen> {
        self.seen.borrow().clone()
    }

    /// Remembers what was read without this.
    pub(crate) fn remember(&self, path: &str, seen: Seen) {
        self.seen
            .borrow_mut()
            .insert(path.trim_start_matches('/').to_owned(), seen);
    }

    /// The bytes of a file.
    pub(crate) fn read(&self, path: &str) -> Fact<Vec<u8>> {
        let fact = self.peek(path);
        match &fact {
            Fact::Present(bytes) => self.remember(path, Seen::File(bytes.clone())),
            Fact::Unreadable(reason) => self.remember(path, Seen::Unreadable(reason.clone())),
            Fact::Absent => {}
        }
        fact
    }

    /// The bytes of a file that must not be in a capture.
    pub(crate) fn peek(&self, path: &str) -> Fact<Vec<u8>> {
        let path = path.trim_start_matches('/');
        match &self.place {
            Place::Live => read_file(&Path::new("/").join(path)),
            Place::Dir(dir) => match self.resolve(path) {
                Fact::Present(path) => read_file(&dir.join(&path)).or(|| self.untaken(&path)),
                Fact::Absent => self.untaken(path),
                Fact::Unreadable(reason) => Fact::Unreadable(reason),
            },
            Place::Memory(tree) => match self.resolve(path) {
                Fact::Present(path) => match tree.get(&path) {
                    Some(Node::File(bytes)) => Fact::Present(bytes.clone()),
                    Some(Node::Lost(reason)) => Fact::Unreadable(reason.clone()),
                    _ => Fact::Unreadable("is not a file".to_owned()),
                },
                Fact::Absent => self.untaken(path),
                Fact::Unreadable(reason) => Fact::Unreadable(reason),
            },
        }
    }

    /// What a capture could not read is unreadable in it, not absent.
    fn untaken<T>(&self, path: &str) -> Fact<T> {
        match self.measured.borrow().unreadable.get(path) {
            Some(reason) => Fact::Unreadable(reason.clone()),
            None => Fact::Absent,
        }
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Fact<String> {
        as_text(self.read(path))
    }

    /// The text of a file of one line, without blanks around it.
    pub(crate) fn line(&self, path: &str) -> Fact<String> {
        self.text(path).and_then(|text| match text.trim() {
            "" => Fact::Unreadable("is empty".to_owned()),
            line => Fact::Present(line.to_owned()),
        })
    }

    /// The word that is all of a file.
    pub(crate) fn word(&self, path: &str) -> Fact<String> {
        self.line(path).and_then(|line| {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
            let is_known = line.chars().all(is_word) && line.starts_with(|c: char| c.is_ascii_alphabetic());
            let what = format!("\"{}\"", shortened(&line));
            Fact::parsed(&what, is_known.then_some(line))
        })
    }

    /// The number that is all of a file.
    pub(crate) fn number(&self, path: &str) -> Fact<i64> {
        let parse = |line: String| match line.parse() {
            Ok(number) => Fact::Present(number),
            Err(_) => Fact::Unreadable(format!("\"{}\" is not a number", shortened(&line))),
        };
        self.line(path).and_then(parse)
    }

    /// The names in a directory, sorted.
    pub(crate) fn names(&self, path: &str) -> Fact<Vec<String>> {
        let fact = self.scan(path);
        match &fact {
            Fact::Present(names) => self.remember(path, Seen::Names(names.clone())),
            Fact::Unreadable(reason) => self.remember(path, Seen::Unreadable(reason.clone())),
            Fact::Absent => {}
        }
        fact
    }

    /// The names in a directory that must not be in a capture.
    pub(crate) fn scan(&self, path: &str) -> Fact<Vec<String>> {
        let path = path.trim_start_matches('/');
        match &self.place {
            Place::Live => list_dir(&Path::new("/").join(path)),
            Place::Dir(dir) => self
                .resolve(path)
                .and_then(|path| list_dir(&dir.join(path)))
                .or(|| self.untaken(path)),
            Place::Memory(tree) => self
                .resolve(path)
                .map(|path| children(tree, &path))
                .or(|| self.untaken(path)),
        }
    }

    /// Whether a file or directory is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_start_matches('/');
        match &self.place {
            Place::Live => Path::new("/").join(path).exists(),
            _ => !matches!(self.resolve(path), Fact::Absent),
        }
    }

    /// The path in the tree, with links in it followed below the root.
    fn resolve(&self, path: &str) -> Fact<String> {
        let mut rest: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(name) = rest.pop_front() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    done.pop();
                    continue;
                }
                _ => done.push(name),
            }
            match self.kind(&done.join("/")) {
                Fact::Present(Kind::Link(target)) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Fact::Unreadable("has too many links on the way to it".to_owned());
                    }
                    done.pop();
                    if target.starts_with('/') {
                        done.clear();
                    }
                    for name in target.split('/').rev() {
                        rest.push_front(name.to_owned());
                    }
                }
                Fact::Present(Kind::Other) => {}
                Fact::Absent => return Fact::Absent,
                Fact::Unreadable(reason) => return Fact::Unreadable(reason),
            }
        }
        Fact::Present(done.join("/"))
    }

    fn kind(&self, path: &str) -> Fact<Kind> {
        match &self.place {
            Place::Live => Fact::Present(Kind::Other),
            Place::Dir(dir) => {
                let path = dir.join(path);
                match fs::symlink_metadata(&path) {
                    Err(error) => of_error(&error),
                    Ok(metadata) if !metadata.is_symlink() => Fact::Present(Kind::Other),
                    Ok(_) => match fs::read_link(&path) {
                        Ok(target) => Fact::Present(Kind::Link(target.to_string_lossy().into_owned())),
                        Err(error) => of_error(&error),
                    },
                }
            }
            Place::Memory(tree) => match tree.get(path) {
                Some(Node::Link(target)) => Fact::Present(Kind::Link(target.clone())),
                Some(_) => Fact::Present(Kind::Other),
                None if has_children(tree, path) => Fact::Present(Kind::Other),
                None => Fact::Absent,
            },
        }
    }
}

fn has_children(tree: &Tree, path: &str) -> bool {
    let prefix = format!("{path}/");
    let next = tree.range(prefix.clone()..).next();
    path.is_empty() || next.is_some_and(|(key, _)| key.starts_with(&prefix))
}

fn children(tree: &Tree, path: &str) -> Vec<String> {
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{path}/")
    };
    let below = tree
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix));
    let first = below.filter_map(|(key, _)| key.get(prefix.len()..)?.split('/').next());
    let mut names: Vec<String> = first.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// Text, which all that rules read is.
pub(crate) fn as_text(bytes: Fact<Vec<u8>>) -> Fact<String> {
    bytes.and_then(|bytes| match String::from_utf8(bytes) {
        Ok(text) => Fact::Present(text),
        Err(_) => Fact::Unreadable("is not text".to_owned()),
    })
}

/// The start of a text that may be long.
pub(crate) fn shortened(text: &str) -> String {
    let shown: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() > 60 {
        format!("{shown}...")
    } else {
        shown
    }
}

/// What an error of the system says of a file.
pub(crate) fn of_error<T>(error: &std::io::Error) -> Fact<T> {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fact::Absent,
        _ if error.raw_os_error() == Some(ESRCH) => Fact::Unreadable("the process ended while it was read".to_owned()),
        _ => Fact::Unreadable(error.to_string()),
    }
}

fn read_file(path: &Path) -> Fact<Vec<u8>> {
    // A pipe in the place of a file would never come to an end.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Fact::Unreadable("is not a file".to_owned()),
        Ok(_) => {}
        Err(error) => return of_error(&error),
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => of_error(&error),
        Ok(_) if bytes.len() as u64 > FILE_BYTES_MAX => too_large(),
        Ok(_) => Fact::Present(bytes),
    }
}

/// A file that is longer than any that rules read.
pub(crate) fn too_large<T>() -> Fact<T> {
    Fact::Unreadable(format!("is longer than {FILE_BYTES_MAX} bytes"))
}

fn list_dir(path: &Path) -> Fact<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return of_error(&error),
    };
    let mut names = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => names.push(entry.file_name().to_string_lossy().into_owned()),
            Err(error) => return of_error(&error),
        }
        if names.len() > NAMES_MAX {
            return Fact::Unreadable(format!("has more than {NAMES_MAX} entries"));
        }
    }
    names.sort();
    Fact::Present(names)
}
