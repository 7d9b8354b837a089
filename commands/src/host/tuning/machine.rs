//! What is written: sysctls, the file in sysctl.d and the journal, of this machine or of a tree.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::journal::{Entry, Journal};
use crate::error::CommandError;
use crate::host::facts::{FILE_BYTES_MAX, fields, sysctl_path};
use crate::host::findings::OWN_FILE;
use crate::replace_file::replace_file_by;

/// The folder of the file.
const FOLDER: &str = "etc/sysctl.d";
/// What becomes the file. Nothing reads it: it is no .conf.
const DRAFT: &str = ".90-kfleet.conf.draft";

/// What tuning reads and writes.
pub(crate) trait Machine {
    /// The value of a sysctl, with one blank between its fields.
    fn read(&self, key: &str) -> io::Result<String>;
    /// Sets a sysctl.
    fn write(&mut self, key: &str, value: &str) -> io::Result<()>;
    /// What is in our file in sysctl.d; none if there is none.
    fn file(&self) -> io::Result<Option<String>>;
    /// Whether the file's folder is there.
    fn has_folder(&self) -> bool;
    /// Puts this into the file, or takes it away, with its folder unless that is to stay.
    fn put_file(&mut self, text: Option<&str>, keep_folder: bool) -> io::Result<()>;
    /// Takes away the draft that a killed run left beside the file.
    fn tidy(&mut self) -> io::Result<()>;
    /// The journal.
    fn journal(&self) -> io::Result<Vec<Entry>>;
    /// Adds a line to the journal.
    fn record(&mut self, entry: &Entry) -> io::Result<()>;
    /// Ends the journal.
    fn forget(&mut self) -> io::Result<()>;
}

/// This machine, which is below `/`, or a tree.
#[derive(Debug)]
pub(crate) struct Below {
    root: PathBuf,
    journal: Journal,
}

impl Below {
    /// `root` has no links in it.
    pub(crate) fn new(root: PathBuf, journal: Journal) -> Self {
        Self { root, journal }
    }

    /// Keeps other runs off until it is dropped.
    pub(crate) fn lock(&self) -> Result<File, CommandError> {
        self.journal.lock()
    }

    fn folder(&self) -> PathBuf {
        self.root.join(FOLDER)
    }

    /// Our file in sysctl.d. A link to /dev/null is how people switch such a file off.
    fn own_file(&self) -> io::Result<PathBuf> {
        let path = self.inside(self.folder().join(OWN_FILE))?;
        if path.is_symlink() {
            let message = format!("{} is a link, and is left alone", path.display());
            return Err(io::Error::new(ErrorKind::PermissionDenied, message));
        }
        Ok(path)
    }

    fn sysctl(&self, key: &str) -> io::Result<PathBuf> {
        self.inside(self.root.join(sysctl_path(key)))
    }

    /// A path, unless links in a tree lead out of it.
    fn inside(&self, path: PathBuf) -> io::Result<PathBuf> {
        let mut known = path.as_path();
        while known.symlink_metadata().is_err() {
            match known.parent() {
                Some(parent) => known = parent,
                None => break,
            }
        }
        if known.canonicalize()?.starts_with(&self.root) {
            return Ok(path);
        }
        let message = format!("{} leads out of the tree", path.display());
        Err(io::Error::new(ErrorKind::PermissionDenied, message))
    }
}

impl Machine for Below {
    fn read(&self, key: &str) -> io::Result<String> {
        Ok(fields(&fs::read_to_string(self.sysctl(key)?)?))
    }

    fn write(&mut self, key: &str, value: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).truncate(true).open(self.sysctl(key)?)?;
        // The kernel takes a value in one write, and none at all in an empty one.
        file.write_all(format!("{value}\n").as_bytes())
    }

    fn file(&self) -> io::Result<Option<String>> {
        let path = self.own_file()?;
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
            let message = format!("is no file, or longer than {FILE_BYTES_MAX} bytes");
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        fs::read_to_string(path).map(Some)
    }

    fn has_folder(&self) -> bool {
        self.folder().is_dir()
    }

    fn put_file(&mut self, text: Option<&str>, keep_folder: bool) -> io::Result<()> {
        self.tidy()?;
        let folder = self.folder();
        let path = self.own_file()?;
        let Some(text) = text else {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if keep_folder {
                return sync(&folder);
            }
            return match fs::remove_dir(&folder) {
                // Somebody has put a file of their own into it, or it is gone.
                Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => Ok(()),
                other => other,
            };
        };
        fs::create_dir_all(&folder)?;
        replace_file_by(&path, DRAFT, text.as_bytes())
    }

    fn tidy(&mut self) -> io::Result<()> {
        match fs::remove_file(self.inside(self.folder().join(DRAFT))?) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn journal(&self) -> io::Result<Vec<Entry>> {
        self.journal.read()
    }

    fn record(&mut self, entry: &Entry) -> io::Result<()> {
        self.journal.append(entry)
    }

    fn forget(&mut self) -> io::Result<()> {
        self.journal.remove()
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_no_file_is_not_read() {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path().canonicalize().unwrap();
        let path = root.join(FOLDER).join(OWN_FILE);
        fs::create_dir_all(&path).unwrap();
        let mut below = Below::new(root.clone(), Journal::at(root.join("journal")));
        assert_eq!(below.file().unwrap_err().kind(), ErrorKind::InvalidData);
        fs::remove_dir(&path).unwrap();
        assert_eq!(below.file().unwrap(), None);
        let long = File::create(&path).unwrap();
        long.set_len(FILE_BYTES_MAX + 1).unwrap();
        assert_eq!(below.file().unwrap_err().kind(), ErrorKind::InvalidData);
        // Where a link switches the file off, it stays off.
        fs::remove_file(&path).unwrap();
        symlink("/dev/null", &path).unwrap();
        assert!(below.file().is_err() && below.put_file(Some("x"), true).is_err());
    }

    #[test]
    fn links_do_not_lead_out_of_a_tree() {
        let (tree, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = tree.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("proc/sys/vm")).unwrap();
        fs::write(other.path().join("victim"), "60\n").unwrap();
        symlink(other.path().join("victim"), root.join("proc/sys/vm/swappiness")).unwrap();
        symlink(other.path(), root.join("etc")).unwrap();
        let mut below = Below::new(root.clone(), Journal::at(root.join("journal")));
        assert!(below.write("vm.swappiness", "1").is_err());
        assert!(below.read("vm.swappiness").is_err());
        assert!(below.put_file(Some("x"), true).is_err());
        assert_eq!(fs::read_to_string(other.path().join("victim")).unwrap(), "60\n");
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
    }
}
