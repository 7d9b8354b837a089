//! The committed corpus through every target: what fuzzing found once is never broken again.

use std::fs;
use std::path::{Path, PathBuf};

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

fn check(target: &str) {
    let run = kfleet_fuzz::target(target).expect("a target of this name");
    let mut count = 0;
    for entry in fs::read_dir(corpus(target)).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if std::panic::catch_unwind(|| run(&bytes)).is_err() {
            panic!("{} breaks a promise", path.display());
        }
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

macro_rules! targets {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            check(stringify!($target));
        }
    )*};
}

targets!(guard codecs batches segment files);

#[test]
fn seeds_keep_every_promise() {
    for (target, seed) in kfleet_fuzz::seeds() {
        kfleet_fuzz::target(target).expect("a target of this name")(&seed);
    }
}

#[test]
#[ignore = "writes into the corpus"]
fn write_seeds() {
    for (at, (target, seed)) in kfleet_fuzz::seeds().into_iter().enumerate() {
        fs::write(corpus(target).join(format!("seed-{at:02}")), seed).unwrap();
    }
}
