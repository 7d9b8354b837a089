//! One partition between a source and a target that are made up: what happens to it and what it makes of that.

mod cases;
mod groups;
mod mirrored;
mod random;
mod simulation;
mod source;
mod target;
mod verify;
