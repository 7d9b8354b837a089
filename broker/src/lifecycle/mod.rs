//! What a node tells the active controller about itself: tasks around the core's lifecycle machines.

pub(crate) mod announce;
pub(crate) mod broker;

#[cfg(test)]
mod tests;
