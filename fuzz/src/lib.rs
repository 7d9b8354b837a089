//! What is fuzzed: five targets, each a function that takes any bytes and panics if the code under it breaks a
//! promise. `fuzz/run` feeds them with what libFuzzer finds; `cargo test` with the committed corpus.

mod allocator;
mod batches;
mod codecs;
mod files;
mod guard;
mod input;
mod seeds;
mod segment;

pub use seeds::all as seeds;

/// A target: any bytes are allowed.
pub type Target = fn(&[u8]);

/// All targets by name. Each has a folder of the same name in `fuzz/corpus`.
pub const TARGETS: [(&str, Target); 5] = [
    ("guard", guard::run),
    ("codecs", codecs::run),
    ("batches", batches::run),
    ("segment", segment::run),
    ("files", files::run),
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, run)| *run)
}
