//! server.properties for a release: keys that it lacks or calls otherwise, values that it refuses, defaults that change.
//!
//! Pairs come in, [`check::Checked`] comes out, and [`rewrite::rewrite`] turns the file's text into the new one. The tables are
//! the difference of what the releases' own `KafkaConfig` defines; a key that a release does not define is ignored by it.

pub mod check;
mod keys;
mod known;
pub mod rewrite;
