//! The commands on running clusters. Each test runs on our broker, and, where Apache Kafka's jars are, on Apache
//! Kafka with the same expectations.

#[path = "../support/mod.rs"]
mod support;

mod exit_codes;
mod read_write;
mod restarts;
mod topics;

/// A test for each engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod kfleet {
            $(#[test]
            fn $name() {
                super::$name(&$crate::support::Cluster::start($crate::support::Engine::Kfleet));
            })*
        }
        mod apache {
            $(#[test]
            #[ignore = "needs Apache Kafka's jars; see tests/compat/setup"]
            fn $name() {
                super::$name(&$crate::support::Cluster::start($crate::support::Engine::Apache));
            })*
        }
    };
}
