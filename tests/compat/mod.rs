//! Foreign clients, tools and suites against our broker, and the same against Apache Kafka where both can be asked.
//! They need what tests/compat/setup brings.

mod access;
mod admin_3_9_1;
mod breadth_3_9_1;
mod config_table;
mod data_dirs;
mod definitions;
mod group_failover;
mod hanging;
mod java_tools;
mod kcat;
mod log_dirs;
mod logs_dump;
mod mixed;
mod mixed_dynamic;
mod mixed_failover;
mod mixed_load;
mod mixed_rolling;
mod mixed_snapshots;
mod mixed_tools;
mod mixed_truncation;
mod parity;
mod partition_changes;
mod planners;
mod python;
mod quorum_messages;
mod renderings;
mod secure;
mod secure_breadth;
mod shells;
mod storage_format;
mod suites;
mod transactions;
