//! What a host is: read once, judged often. Readers never fail; what they cannot read is a fact, too.

mod archive;
mod broker;
mod cgroup;
mod clock;
mod cpu;
mod dirs;
mod disks;
mod fact;
mod measured;
mod memory;
mod mounts;
mod network;
mod process;
mod root;
mod sysctl;
mod thp;
mod tuned;

pub(crate) use archive::{is_archive, is_gzip, read_archive};
pub(crate) use broker::{Broker, BrokerFacts, NamedConfig};
pub(crate) use cgroup::{Cgroup, pressure};
pub(crate) use cpu::Cpu;
pub(crate) use dirs::LogDir;
pub(crate) use disks::{Disk, Raid, behind};
pub(crate) use fact::Fact;
#[cfg(test)]
pub(crate) use measured::Measured;
pub(crate) use measured::{Clock, MEASURED_FILE, MEASURED_SCHEMA};
pub(crate) use memory::Memory;
pub(crate) use mounts::{Mount, of as mount_of};
pub(crate) use network::Nic;
pub(crate) use process::{Engine, Process};
pub(crate) use root::{FILE_BYTES_MAX, Root, Seen};
#[cfg(test)]
pub(crate) use root::{Node, Tree};
pub(crate) use sysctl::{Sysctls, fields, is_same_value, normal, path as sysctl_path};
pub(crate) use thp::HugePages;

use super::rules;
use super::sources::SysctlFiles;

/// All that rules read of a host, but for its brokers.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// Its name.
    pub(crate) host: Fact<String>,
    /// The release of its kernel.
    pub(crate) kernel: Fact<String>,
    /// Values of sysctls.
    pub(crate) sysctls: Sysctls,
    /// Files that set sysctls.
    pub(crate) files: SysctlFiles,
    /// The profile of tuned.
    pub(crate) tuned: Fact<String>,
    /// Whether tuned applies the files of sysctl.d after its profile.
    pub(crate) tuned_reapplies: bool,
    /// Memory.
    pub(crate) memory: Fact<Memory>,
    /// Transparent huge pages.
    pub(crate) huge_pages: HugePages,
    /// Mounts.
    pub(crate) mounts: Fact<Vec<Mount>>,
    /// Disks.
    pub(crate) disks: Fact<Vec<Disk>>,
    /// Software RAID.
    pub(crate) raids: Fact<Vec<Raid>>,
    /// Processors.
    pub(crate) cpu: Cpu,
    /// Which of the programs that rules ask for are running.
    pub(crate) daemons: Fact<Vec<String>>,
    /// The clock.
    pub(crate) clock: Fact<Clock>,
    /// Network cards.
    pub(crate) nics: Fact<Vec<Nic>>,
    /// Connections lost to a full backlog.
    pub(crate) listen_overflows: Fact<i64>,
    /// What the control groups of this session allow.
    pub(crate) cgroup: Fact<Cgroup>,
    /// The share of time in which everything waited for a disk, in percent.
    pub(crate) pressure_io: Fact<f64>,
    /// The share of time in which everything waited for memory, in percent.
    pub(crate) pressure_memory: Fact<f64>,
    /// The share of time in which something waited for a processor, in percent.
    pub(crate) pressure_cpu: Fact<f64>,
}

impl Facts {
    /// Reads a host. `keys` are sysctls beside those of the rules.
    pub(crate) fn read(root: &Root, keys: &[&str]) -> Self {
        let files = SysctlFiles::read(root);
        let of_files = files.keys();
        let of_rules = rules::all().flat_map(|rule| rule.keys.iter().copied());
        let all = of_rules
            .chain(keys.iter().copied())
            .chain(of_files.iter().map(String::as_str));
        let daemons = clock::read_daemons(root);
        Self {
            host: root.line("proc/sys/kernel/hostname").or(|| root.line("etc/hostname")),
            kernel: root.line("proc/sys/kernel/osrelease"),
            sysctls: Sysctls::read(root, all),
            tuned: root.line("etc/tuned/active_profile"),
            tuned_reapplies: tuned::reapplies(root),
            memory: Memory::read(root),
            huge_pages: HugePages::read(root),
            mounts: mounts::read(root),
            disks: disks::read(root),
            raids: disks::read_raids(root),
            cpu: Cpu::read(root),
            clock: clock::read(root, &daemons),
            nics: network::read(root),
            listen_overflows: network::read_listen_overflows(root),
            cgroup: Cgroup::read(root, "proc/self/cgroup"),
            pressure_io: pressure(root, "io", "full"),
            pressure_memory: pressure(root, "memory", "full"),
            pressure_cpu: pressure(root, "cpu", "some"),
            daemons,
            files,
        }
    }
}

/// Reads a host and its brokers.
pub(crate) fn read(root: &Root, keys: &[&str], named: Option<&NamedConfig>) -> (Facts, BrokerFacts) {
    let facts = Facts::read(root, keys);
    let kept = root.measured().broker_config.filter(|_| !root.is_live());
    let kept = kept.map(|path| NamedConfig {
        bytes: root.read(&path),
        path,
    });
    let processes = process::read(root);
    let processes = processes.value().map(Vec::as_slice).unwrap_or_default();
    (facts, BrokerFacts::read(root, processes, named.or(kept.as_ref())))
}
