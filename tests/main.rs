//! Tests of the binary on running clusters: with nothing but it, and, marked as ignored, with the foreign parts that
//! tests/compat/setup brings.

#[macro_use]
mod support;

mod compat;
mod end_to_end;
mod faults;
mod tidy;
