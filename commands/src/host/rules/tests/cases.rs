//! What makes each rule fail.

use crate::host::facts::{Fact, MEASURED_FILE, Measured, Node, Tree};
use crate::host::rules::Status::{self, Critical, Info, NotApplicable, Ok as Fine, Unknown, Warning};

pub(super) fn put(tree: &mut Tree, path: &str, text: &str) {
    tree.insert(path.to_owned(), Node::File(text.as_bytes().to_vec()));
}

pub(super) fn replace(tree: &mut Tree, path: &str, from: &str, to: &str) {
    let Some(Node::File(bytes)) = tree.get(path) else {
        panic!("no {path}");
    };
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    put(tree, path, &text.replace(from, to));
}

pub(super) fn measured(tree: &mut Tree, change: impl FnOnce(&mut Measured)) {
    let Some(Node::File(bytes)) = tree.get(MEASURED_FILE) else {
        panic!("no capture");
    };
    let mut measured = Measured::parse(bytes).unwrap();
    change(&mut measured);
    put(tree, MEASURED_FILE, &serde_json::to_string(&measured).unwrap());
}

/// A value of a sysctl that makes its rule fail, and how badly.
pub(super) const SYSCTLS: &[(&str, &str, Status)] = &[
    ("vm.swappiness", "60", Warning),
    ("vm.swappiness", "0", Warning),
    ("vm.max_map_count", "65530", Warning),
    ("vm.max_map_count", "9000", Critical),
    ("vm.overcommit_memory", "2", Warning),
    ("kernel.numa_balancing", "1", Info),
    ("vm.min_free_kbytes", "1024", Info),
    ("vm.dirty_background_ratio", "10", Warning),
    ("vm.dirty_background_ratio", "0", Warning),
    ("vm.dirty_ratio", "10", Warning),
    ("vm.dirty_ratio", "90", Warning),
    ("vm.dirty_expire_centisecs", "30000", Info),
    ("vm.dirty_writeback_centisecs", "0", Warning),
    ("net.core.wmem_default", "65536", Info),
    ("net.core.rmem_default", "65536", Info),
    ("net.core.wmem_max", "212992", Warning),
    ("net.core.rmem_max", "212992", Warning),
    ("net.ipv4.tcp_window_scaling", "0", Critical),
    ("net.ipv4.tcp_max_syn_backlog", "1024", Warning),
    ("net.core.somaxconn", "128", Warning),
    ("net.core.netdev_max_backlog", "1000", Warning),
    ("net.ipv4.tcp_slow_start_after_idle", "1", Info),
    ("net.ipv4.tcp_timestamps", "0", Info),
    ("net.ipv4.tcp_sack", "0", Info),
    ("net.ipv4.tcp_keepalive_time", "7200", Info),
    ("net.ipv4.tcp_keepalive_intvl", "75", Info),
    ("net.ipv4.tcp_keepalive_probes", "9", Info),
    ("net.ipv4.tcp_syncookies", "0", Info),
    ("net.ipv4.tcp_rmem", "4096 87380 2048000", Warning),
    ("net.ipv4.tcp_wmem", "4096 16384 65536", Warning),
    ("net.ipv4.ip_local_port_range", "50000 50999", Warning),
    ("kernel.pid_max", "4096", Warning),
    ("kernel.threads-max", "4096", Warning),
    ("fs.file-max", "65536", Warning),
    ("fs.nr_open", "65536", Critical),
];

pub(super) type Case = (&'static str, Status, fn(&mut Tree));

const CONFIG: &str = "etc/kafka/server.properties";
const CMDLINE: &str = "proc/4321/cmdline";
const STATUS: &str = "proc/4321/status";
const MOUNTS: &str = "proc/self/mountinfo";
const PORT_RANGE: &str = "proc/sys/net/ipv4/ip_local_port_range";
const RESERVED_PORTS: &str = "proc/sys/net/ipv4/ip_local_reserved_ports";
const RMEM_MAX: &str = "proc/sys/net/core/rmem_max";

/// Something else that makes a rule fail.
pub(super) const CASES: &[Case] = &[
    ("vm.zone_reclaim_mode", Critical, |t| {
        put(t, "proc/sys/vm/zone_reclaim_mode", "1\n");
        put(t, "sys/devices/system/node/online", "0-1\n");
    }),
    ("vm.zone_reclaim_mode", Info, |t| {
        put(t, "proc/sys/vm/zone_reclaim_mode", "1\n");
    }),
    ("net.ipv4.ip_local_reserved_ports", Warning, |t| {
        put(t, PORT_RANGE, "9000 65499\n");
    }),
    ("net.ipv4.ip_local_reserved_ports", Fine, |t| {
        put(t, PORT_RANGE, "9000 65499\n");
        put(t, RESERVED_PORTS, "8080,9092-9093\n");
    }),
    ("net.ipv4.ip_local_port_range", Fine, |t| {
        put(t, PORT_RANGE, "9000 65499\n");
    }),
    ("vm.max_map_count", Unknown, |t| {
        measured(t, |m| {
            m.dirs
                .get_mut("/var/lib/kafka/0")
                .unwrap()
                .clone_from(&Fact::Unreadable("no".into()));
        });
    }),
    ("vm.dirty_background_ratio", Warning, |t| {
        put(t, "proc/sys/vm/dirty_background_ratio", "60\n");
        put(t, "proc/sys/vm/dirty_ratio", "5\n");
    }),
    ("vm.dirty_background_ratio", NotApplicable, |t| {
        put(t, "proc/sys/vm/dirty_background_ratio", "0\n");
        put(t, "proc/sys/vm/dirty_background_bytes", "67108864\n");
    }),
    ("vm.dirty_ratio", NotApplicable, |t| {
        put(t, "proc/sys/vm/dirty_ratio", "0\n");
        put(t, "proc/sys/vm/dirty_bytes", "536870912\n");
    }),
    ("vm.dirty_background_bytes", Warning, |t| {
        put(t, "proc/sys/vm/dirty_background_bytes", "800000000\n");
        put(t, "proc/sys/vm/dirty_bytes", "400000000\n");
    }),
    ("vm.dirty_background_bytes", Info, |t| {
        replace(t, "proc/meminfo", "65807140", "265807140");
    }),
    ("vm.dirty_bytes", Warning, |t| {
        put(t, "proc/sys/vm/dirty_background_bytes", "800000000\n");
        put(t, "proc/sys/vm/dirty_bytes", "400000000\n");
    }),
    ("thp.enabled", Warning, |t| {
        put(
            t,
            "sys/kernel/mm/transparent_hugepage/enabled",
            "[always] madvise never\n",
        );
        put(
            t,
            "sys/kernel/mm/transparent_hugepage/defrag",
            "[always] madvise never\n",
        );
    }),
    ("thp.enabled", Info, |t| {
        put(
            t,
            "sys/kernel/mm/transparent_hugepage/enabled",
            "[always] madvise never\n",
        );
    }),
    ("thp.defrag", Warning, |t| {
        put(
            t,
            "sys/kernel/mm/transparent_hugepage/defrag",
            "[always] madvise never\n",
        );
    }),
    ("swap.present", Info, |t| {
        replace(
            t,
            "proc/meminfo",
            "SwapTotal:             0",
            "SwapTotal:       2097152",
        );
    }),
    ("swap.broker", Warning, |t| {
        replace(t, STATUS, "VmSwap:\t       0", "VmSwap:\t    2048");
    }),
    ("net.core.netdev_max_backlog", Info, |t| {
        put(t, "proc/sys/net/core/netdev_max_backlog", "1000\n");
        put(t, "sys/class/net/eth0/speed", "-1\n");
    }),
    ("net.listen_overflows", Info, |t| {
        replace(t, "proc/net/netstat", "0 0 0", "0 55 55");
    }),
    ("nic.ring", Info, |t| {
        put(t, "sys/class/net/eth0/statistics/rx_missed_errors", "12\n");
    }),
    ("nic.steering", Info, |t| {
        drop(t.remove("sys/class/net/eth0/queues/rx-1/rps_cpus"));
    }),
    ("nic.irqbalance", Info, |t| {
        measured(t, |m| m.daemons = Fact::Present(vec![]));
    }),
    ("net.core.rmem_max", Warning, |t| {
        add(t, "socket.receive.buffer.bytes=8388608");
    }),
    ("socket.receive.buffer.bytes", Warning, |t| {
        add(t, "socket.receive.buffer.bytes=8388608");
    }),
    ("socket.send.buffer.bytes", Warning, |t| {
        add(t, "socket.send.buffer.bytes=8388608");
    }),
    ("replica.socket.receive.buffer.bytes", Warning, |t| {
        put(t, RMEM_MAX, "32768\n");
    }),
    ("socket.listen.backlog.size", Info, |t| {
        replace(t, CONFIG, "socket.listen.backlog.size=1024", "");
    }),
    ("net.ipv4.ip_local_port_range", Fine, |t| {
        put(t, "proc/sys/net/ipv4/ip_local_port_range", "9000\t65499\n");
        put(t, "proc/sys/net/ipv4/ip_local_reserved_ports", "9092-9093\n");
    }),
    ("limits.nofile", Critical, |t| limit(t, "4096")),
    ("limits.nofile", Unknown, |t| {
        measured(t, |m| {
            m.processes.get_mut(&4321).unwrap().open_files = Fact::Unreadable("no".into());
        });
    }),
    ("limits.nofile", Unknown, |t| drop(t.remove("proc/4321/limits"))),
    ("limits.nproc", Warning, |t| {
        replace(t, "proc/4321/limits", "96365", "4096");
    }),
    ("fs.nr_open", Critical, |t| put(t, "proc/sys/fs/nr_open", "524288\n")),
    ("fs.type", Critical, |t| {
        replace(t, MOUNTS, "xfs /dev/sdc1", "nfs4 nas:/kafka");
    }),
    ("fs.type", Warning, |t| {
        replace(t, MOUNTS, "xfs /dev/sdc1", "btrfs /dev/sdc1");
    }),
    ("fs.atime", Info, |t| {
        replace(t, MOUNTS, "kafka/1 rw,noatime", "kafka/1 rw,relatime");
    }),
    ("fs.atime", Warning, |t| {
        replace(t, MOUNTS, "kafka/1 rw,noatime", "kafka/1 rw");
    }),
    ("log.dirs.location", Critical, |t| {
        replace(t, CONFIG, "/var/lib/kafka/1", "/tmp/kafka-logs");
    }),
    ("log.dirs.location", Critical, |t| {
        replace(t, CONFIG, "log.dirs=/var/lib/kafka/0,/var/lib/kafka/1", "");
    }),
    ("log.dirs.device", Warning, |t| {
        replace(t, MOUNTS, "8:49 / /var/lib/kafka/1", "8:33 / /var/lib/kafka/1");
    }),
    ("log.dirs.device", Warning, |t| {
        replace(t, MOUNTS, "8:49 / /var/lib/kafka/1", "9:0 / /var/lib/kafka/1");
    }),
    ("fs.free_space", Critical, |t| space(t, 5, 90)),
    ("fs.free_space", Warning, |t| space(t, 15, 90)),
    ("fs.free_inodes", Critical, |t| space(t, 90, 1)),
    ("fs.free_inodes", Warning, |t| space(t, 90, 5)),
    ("fs.barriers", Warning, |t| {
        replace(t, MOUNTS, "attr2", "attr2,nobarrier");
    }),
    ("fs.journal", Info, |t| {
        replace(t, MOUNTS, "ext4 /dev/sdd1 rw", "ext4 /dev/sdd1 rw,data=writeback");
    }),
    ("log.dirs.access", Critical, |t| replace(t, STATUS, "990", "991")),
    ("log.dirs.access", Critical, |t| {
        measured(t, |m| drop(m.dirs.insert("/var/lib/kafka/1".to_owned(), Fact::Absent)));
    }),
    ("log.dirs.identity", Critical, |t| {
        replace(t, "var/lib/kafka/1/meta.properties", "MkU3", "XkU3");
    }),
    ("log.dirs.identity", Unknown, |t| {
        put(t, "var/lib/kafka/1/meta.properties", "version=9\n");
    }),
    ("disk.scheduler", Warning, |t| {
        put(t, "sys/block/sdd/queue/scheduler", "none mq-deadline [bfq]\n");
    }),
    ("disk.scheduler", Fine, |t| {
        put(t, "sys/block/sda/queue/scheduler", "none mq-deadline [bfq]\n");
    }),
    ("disk.read_ahead_kb", Info, |t| {
        put(t, "sys/block/sdc/queue/read_ahead_kb", "8\n");
    }),
    ("disk.rotational", Info, |t| {
        put(t, "sys/block/sdc/queue/rotational", "1\n");
    }),
    ("disk.nr_requests", Info, |t| {
        put(t, "sys/block/sdc/queue/nr_requests", "4\n");
    }),
    ("disk.write_cache", Info, |t| {
        put(t, "sys/block/sdc/queue/write_cache", "write back\n");
    }),
    ("disk.raid", Warning, |t| {
        replace(t, "proc/mdstat", "[2/2] [UU]", "[2/1] [U_]");
    }),
    ("disk.raid", NotApplicable, |t| drop(t.remove("proc/mdstat"))),
    ("cpu.governor", Warning, |t| {
        put(
            t,
            "sys/devices/system/cpu/cpufreq/policy0/scaling_governor",
            "powersave\n",
        );
    }),
    ("cpu.governor", NotApplicable, |t| {
        drop(t.remove("sys/devices/system/cpu/cpufreq/policy0/scaling_governor"));
    }),
    ("cpu.clocksource", Warning, |t| {
        put(
            t,
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "xen\n",
        );
    }),
    ("time.sync", Warning, |t| {
        replace(t, MEASURED_FILE, "\"in_sync\": true", "\"in_sync\": false");
    }),
    ("jvm.heap", Warning, |t| replace(t, CMDLINE, "-Xmx6g", "-Xmx40g")),
    ("jvm.heap", Warning, |t| {
        put(t, "sys/fs/cgroup/system.slice/kafka.service/memory.max", "8589934592\n");
    }),
    ("jvm.heap_fixed", Info, |t| replace(t, CMDLINE, "-Xms6g", "-Xms1g")),
    ("jvm.gc", Info, |t| {
        replace(t, CMDLINE, "MaxGCPauseMillis=20", "MaxGCPauseMillis=200");
    }),
    ("jvm.version", Critical, |t| {
        put(t, "usr/lib/jvm/java-21/release", "JAVA_VERSION=\"11.0.2\"\n");
    }),
    ("jvm.version", Unknown, |t| {
        drop(t.remove("usr/lib/jvm/java-21/release"));
    }),
    ("memory.total", Info, |t| {
        replace(t, "proc/meminfo", "65807140", "15807140");
    }),
    ("memory.page_cache", Warning, |t| {
        replace(t, "proc/meminfo", "65807140", "9807140");
    }),
    ("broker.config", Warning, |t| add(t, "log.retention.hrs=1")),
    ("broker.config", Warning, |t| add(t, "num.partitions=many")),
    ("broker.config", Unknown, |t| drop(t.remove(CONFIG))),
    ("cgroup.memory", Info, |t| {
        put(t, "sys/fs/cgroup/system.slice/kafka.service/memory.max", "8589934592\n");
    }),
    ("cgroup.cpu", Info, |t| {
        put(t, "sys/fs/cgroup/system.slice/kafka.service/cpu.max", "200000 100000\n");
    }),
    ("pressure.io", Warning, |t| {
        replace(t, "proc/pressure/io", "full avg10=0.40", "full avg10=35.00");
    }),
    ("pressure.memory", Warning, |t| {
        replace(t, "proc/pressure/memory", "full avg10=0.00", "full avg10=11.00");
    }),
    ("pressure.cpu", Info, |t| {
        replace(t, "proc/pressure/cpu", "avg10=3.10", "avg10=80.00");
    }),
    ("sysctl.keys", Warning, |t| {
        put(t, "etc/sysctl.d/99-x.conf", "net.core.wmem.default=131072\n");
    }),
    ("sysctl.keys", Info, |t| {
        put(t, "etc/sysctl.d/99-x.conf", "net.bridge.bridge-nf-call-iptables=1\n");
    }),
    ("sysctl.keys", Fine, |t| {
        put(t, "etc/sysctl.d/99-x.conf", "-net.bridge.bridge-nf-call-iptables=1\n");
    }),
    ("sysctl.keys", NotApplicable, |t| {
        drop(t.remove("etc/sysctl.d/90-kfleet.conf"));
    }),
    ("sysctl.boot_values", Warning, |t| {
        put(t, "etc/sysctl.d/99-x.conf", "vm.swappiness=30\n");
    }),
    ("sysctl.boot_values", Warning, |t| {
        put(t, "etc/sysctl.conf", "kernel.sysrq=1\n");
    }),
    ("sysctl.boot_values", Fine, |t| {
        put(t, RESERVED_PORTS, "9092-9093\n");
        put(
            t,
            "etc/sysctl.d/99-x.conf",
            "net.ipv4.ip_local_reserved_ports=9093,9092\n",
        );
    }),
    ("sysctl.pairs", Warning, |t| {
        put(
            t,
            "etc/sysctl.d/99-x.conf",
            "vm.dirty_background_ratio=60\nvm.dirty_ratio=5\n",
        );
    }),
    ("tuned.profile", Info, |t| {
        put(t, "etc/tuned/active_profile", "throughput-performance\n");
    }),
];

fn add(tree: &mut Tree, line: &str) {
    replace(tree, CONFIG, "node.id=1\n", &format!("node.id=1\n{line}\n"));
}

fn limit(tree: &mut Tree, files: &str) {
    replace(
        tree,
        "proc/4321/limits",
        "Max open files            1048576",
        &format!("Max open files            {files}"),
    );
}

/// Percent of space and of inodes that are free in the second directory.
fn space(tree: &mut Tree, bytes: u64, inodes: u64) {
    measured(tree, |measured| {
        let Some(Fact::Present(space)) = measured.spaces.get_mut("/var/lib/kafka/1") else {
            panic!("no space");
        };
        space.free_bytes = space.total_bytes / 100 * bytes;
        space.free_inodes = space.inodes / 100 * inodes;
    });
}
