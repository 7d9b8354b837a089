//! The commands on running clusters. Each test runs on our broker, and, where Apache Kafka's jars are, on Apache
//! Kafka with the same expectations.

mod bad_input;
mod bench;
mod cluster;
mod consume;
mod consume_groups;
mod exit_codes;
mod fast_fencing;
mod features;
mod host;
mod host_tune;
mod host_tune_kills;
mod kills;
mod leaders;
mod leaders_nodes;
mod logs_dump;
mod produce;
mod quorum;
mod quorum_dynamic;
mod quorum_nodes;
mod quorum_voters;
mod read_write;
mod readme;
mod render;
mod restarts;
mod sandbox;
mod sandbox_nodes;
mod service_manager;
mod storage;
mod topics;
mod tour;
