//! Foreign clients, tools and suites against our broker, and the same against Apache Kafka where both can be asked.
//! They need what tests/compat/setup brings.

mod data_dirs;
mod java_tools;
mod kcat;
mod python;
mod suites;
