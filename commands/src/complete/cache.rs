//! Names that were asked for a moment ago, in the user's cache directory.

use std::fs::{self, DirBuilder, File};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tempfile::Builder;

/// How long names count.
const FRESH: Duration = Duration::from_secs(5);
/// How long files stay that nobody asks for.
const KEPT: Duration = Duration::from_secs(86_400);
/// Most bytes of a file.
const FILE_MAX_BYTES: u64 = 16 << 20;
/// Below the directory of a user's caches.
const DIR: &str = "kfleet/completion";
/// What files end with.
const SUFFIX: &str = ".json";

/// A directory with a file for each question.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// The user's.
    pub(super) fn of_user() -> Option<Self> {
        Self::below(&|name| std::env::var_os(name).map(PathBuf::from))
    }

    fn below(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        // What is not absolute does not count, by the specification.
        let set = |name: &str| variable(name).filter(|path| path.is_absolute());
        let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Some(Self { dir: caches.join(DIR) })
    }

    fn file(&self, question: &str) -> PathBuf {
        let digest = Sha256::digest(question.as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(name + SUFFIX)
    }

    /// The answer of a moment ago.
    pub(super) fn get(&self, question: &str) -> Option<Vec<String>> {
        let file = File::open(self.file(question)).ok()?;
        let age = file.metadata().ok()?.modified().ok()?.elapsed().ok()?;
        if age > FRESH {
            return None;
        }
        let mut text = String::new();
        file.take(FILE_MAX_BYTES).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Keeps an answer, for the user alone: who may not ask a cluster may not read what it has. That it could not be kept is
    /// no matter.
    pub(super) fn put(&self, question: &str, names: &[String]) {
        let kept = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
            self.forget(SystemTime::now());
            let draft = Builder::new().prefix(".").tempfile_in(&self.dir)?;
            serde_json::to_writer(&draft, names)?;
            draft.persist(self.file(question))?;
            Ok::<_, std::io::Error>(())
        };
        let _not_kept = kept();
    }

    /// Takes away what is old.
    fn forget(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let is_old = |path: &Path| {
            let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
            modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age > KEPT))
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        for path in paths.filter(|path| is_old(path)) {
            // Another shell may have been first.
            let _gone = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn cache(dir: &tempfile::TempDir) -> Cache {
        let dir = dir.path().to_owned();
        Cache::below(&|name| (name == "XDG_CACHE_HOME").then(|| dir.clone())).unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn set_age(path: &Path, age: Duration) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn an_answer_counts_for_a_moment_and_is_the_users_alone() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(&dir);
        assert_eq!(cache.get("topics"), None);
        cache.put("topics", &names(&["a\nb", "\u{e9}"]));
        cache.put("groups", &[]);
        assert_eq!(cache.get("topics"), Some(names(&["a\nb", "\u{e9}"])));
        assert_eq!(cache.get("groups"), Some(Vec::new()));
        let file = cache.file("topics");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&cache.dir).unwrap().permissions().mode() & 0o777, 0o700);
        set_age(&file, FRESH * 2);
        assert_eq!(cache.get("topics"), None);
    }

    #[test]
    fn what_is_old_goes_and_what_cannot_be_read_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(&dir);
        cache.put("old", &names(&["x"]));
        set_age(&cache.file("old"), KEPT * 2);
        cache.put("new", &names(&["y"]));
        assert_eq!(fs::read_dir(&cache.dir).unwrap().count(), 1);
        fs::write(cache.file("new"), "{torn").unwrap();
        assert_eq!(cache.get("new"), None);
    }

    #[test]
    fn nobody_has_a_cache_without_a_home_and_no_place_to_keep_it_is_no_error() {
        assert!(Cache::below(&|_| None).is_none());
        assert!(Cache::below(&|name| (name == "HOME").then(|| PathBuf::from("relative"))).is_none());
        let home = Cache::below(&|name| (name == "HOME").then(|| PathBuf::from("/home/a"))).unwrap();
        assert_eq!(home.dir, Path::new("/home/a/.cache/kfleet/completion"));
        let file = tempfile::NamedTempFile::new().unwrap();
        let nowhere = Cache {
            dir: file.path().join("x"),
        };
        nowhere.put("topics", &[]);
        assert_eq!(nowhere.get("topics"), None);
    }
}
