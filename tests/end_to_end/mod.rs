//! The commands on running clusters. Each test runs on our broker, and, where Apache Kafka's jars are, on Apache
//! Kafka with the same expectations.

mod bad_input;
mod bench;
mod exit_codes;
mod fast_fencing;
mod host;
mod host_tune;
mod host_tune_kills;
mod kills;
mod logs_dump;
mod read_write;
mod readme;
mod render;
mod restarts;
mod sandbox;
mod sandbox_nodes;
mod service_manager;
mod storage;
mod topics;
