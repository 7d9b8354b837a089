//! Processors and time.

use super::{Area, Baseline, Fix, Given, Judged, Known, Needed as _, Rule, Status, by, rule, says};

const CPU: Area = Area::Cpu;

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "scaling_governor of each cpufreq policy",
        safe: "performance; schedutil and ondemand outside the latency baseline",
        reason: "A processor that first has to speed up adds its delay to every request of a quiet broker.",
        authorities: &[
            says(by::TUNED, "performance"),
            says(by::RPK, "performance"),
            says(by::INTEL, "performance"),
        ],
        fix: Fix::Boot(
            "cpupower frequency-set -g performance, and the tuned profile latency-performance or a unit that does it at boot",
        ),
        judge: governor,
        ..rule("cpu.governor", "CPU01", CPU)
    },
    Rule {
        subject: "current_clocksource",
        safe: "tsc, or the hypervisor's own fast one",
        reason: "A broker asks for the time at every request, and a slow source makes each a system call.",
        authorities: &[
            says(by::RPK, "tsc"),
            says("Heap engineering blog", "30 % less p95 from xen to tsc"),
            says("packagecloud blog", "forcing tsc on Xen can be unsafe"),
        ],
        dispute: "Only xen, hpet, acpi_pm, pit and jiffies are warnings; test tsc on Xen before you force it.",
        fix: Fix::Boot(
            "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, and clocksource=tsc on the kernel's command line",
        ),
        judge: clocksource,
        ..rule("cpu.clocksource", "CPU02", CPU)
    },
    Rule {
        subject: "the state of the clock, by timesyncd, timedatectl or chronyc",
        is_essential: true,
        safe: "in sync",
        reason: "Timestamps of records decide retention and offsets by time; TLS and delegation tokens fail with a wrong clock.",
        authorities: &[
            says(by::RPK, "in sync"),
            says(by::OURS, "a broker's clock is part of its data"),
        ],
        fix: Fix::Note("systemctl enable --now chronyd, then chronyc tracking"),
        judge: sync,
        ..rule("time.sync", "TIM01", CPU)
    },
];

fn governor(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let governors = given.facts.cpu.governors.clone().needed("cpufreq")?;
    let status = |governor: &String| match governor.as_str() {
        "performance" => Status::Ok,
        "schedutil" | "ondemand" if given.baseline != Baseline::Latency => Status::Ok,
        _ => Status::Warning,
    };
    let worst = governors.iter().map(status).max().unwrap_or(Status::Ok);
    Ok(Judged::new(worst, governors.join(", ")).expected("performance"))
}

fn clocksource(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let source = given.facts.cpu.clocksource.clone().needed("current_clocksource")?;
    let status = match source.as_str() {
        "tsc" | "kvm-clock" | "arch_sys_counter" | "hyperv_clocksource_tsc_page" => Status::Ok,
        "xen" | "hpet" | "acpi_pm" | "pit" | "jiffies" => Status::Warning,
        _ => Status::Info,
    };
    Ok(Judged::new(status, source).expected("tsc"))
}

fn sync(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let clock = given.facts.clock.clone().needed("the state of the clock")?;
    if clock.in_sync {
        return Ok(Judged::ok(format!("in sync, by {}", clock.source)));
    }
    Ok(Judged::new(Status::Warning, "not in sync")
        .expected("in sync")
        .note(format!("by {}", clock.source)))
}
