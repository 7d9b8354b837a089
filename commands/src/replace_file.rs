//! Files that are there whole, old or new, whatever happens.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::Builder;

/// Who may read a new file, before the umask.
const MODE: u32 = 0o644;

/// Puts a file with this content in place of whatever was there, whose permissions it keeps. When it returns, the file
/// outlives a power cut.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, Builder::new().prefix(".kfleet-"))
}

/// The same by way of a draft with this name in the same folder, which whoever was killed leaves there, and can find again.
pub(crate) fn replace_file_by(path: &Path, draft: &str, content: &[u8]) -> io::Result<()> {
    replace(path, content, Builder::new().prefix(draft).rand_bytes(0))
}

fn replace(path: &Path, content: &[u8], draft: &mut Builder<'_, '_>) -> io::Result<()> {
    // A link is followed: what it points to is replaced, and it stays a link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = draft.permissions(Permissions::from_mode(MODE)).tempfile_in(folder)?;
    file.write_all(content)?;
    if let Ok(before) = fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_keeps_its_mode_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.conf");
        replace_file(&path, b"one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_file(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"two");
    }

    #[test]
    fn a_failure_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        assert!(replace_file(&dir.path().join("no/such/folder"), b"x").is_err());
        assert!(replace_file(dir.path(), b"x").is_err());
        assert!(dir.path().is_dir());
    }
}
