//! produce and consume beside kcat: the same lines through a pipe, on our broker and on Apache's, whole processes.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Scale;
use crate::engine::{ENGINES, Engine, Node, children_cpu_s};
use crate::parts::{both, scratch};
use crate::report::{Pair, Report};

/// Bytes of a line without its end, and lines of a run.
const LOADS: [(usize, u64); 2] = [(100, 4_000_000), (1000, 600_000)];
const PARTITIONS: &str = "4";

/// Lines of a key and a value, none like the one before.
fn lines(dir: &Path, line_bytes: usize, lines: u64) -> PathBuf {
    let path = dir.join("lines");
    let mut text = String::new();
    for at in 0..lines {
        let start = text.len();
        let _always = write!(text, "k{at}:");
        while text.len() < start + line_bytes {
            let digit = (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (text.len() % 59)) & 15;
            text.push(char::from(b'a' + digit as u8));
        }
        text.push('\n');
    }
    std::fs::write(&path, text).expect("lines can be written");
    path
}

fn kcat(node: &Node, args: &[&str]) -> Command {
    let mut command = Command::new("kcat");
    command.args(["-b", &node.bootstrap]).args(args);
    command
}

/// Rate and the tool's CPU.
#[derive(Default)]
struct Figures {
    rate: Pair,
    cpu: Pair,
}

impl Figures {
    fn note(&mut self, tool: Engine, run: usize, megabytes: f64, measured: (f64, f64)) {
        if run > 0 {
            self.rate.push(tool, megabytes / measured.0);
            self.cpu.push(tool, measured.1 / megabytes * 1e3);
        }
    }

    fn rows(&self, what: &str, report: &mut Report) {
        report.row(what, "MB/s", &self.rate, ">= 1");
        report.row("  its CPU and the pipe's", "s/GB", &self.cpu, "");
    }
}

/// Seconds, and CPU seconds of children, that two programs took, the first of which writes to the second.
fn piped(mut from: Command, mut to: Command, printed: &mut Vec<u8>) -> (f64, f64) {
    let (cpu, start) = (children_cpu_s(), Instant::now());
    let mut writing = from.stdout(Stdio::piped()).spawn().expect("the program starts");
    let between = writing.stdout.take().expect("it was piped");
    let output = to
        .stdin(between)
        .stderr(Stdio::null())
        .output()
        .expect("the program starts");
    let wrote = writing.wait().expect("it can be waited for");
    let took = start.elapsed().as_secs_f64();
    assert!(wrote.success() && output.status.success(), "{from:?} | {to:?} failed");
    *printed = output.stdout;
    (took, children_cpu_s() - cpu)
}

fn cat(file: &Path) -> Command {
    let mut command = Command::new("cat");
    command.arg(file).stdin(Stdio::null());
    command
}

pub(crate) fn produce(scale: Scale, report: &mut Report) {
    for (line_bytes, count) in LOADS {
        let dir = scratch();
        let nodes = both(dir.path());
        let count = count / scale.divisor;
        let file = lines(dir.path(), line_bytes, count);
        for (what, keys) in [("lines", &[][..]), ("keys and values", &["-K", ":"])] {
            for (engine, node) in &nodes {
                let mut figures = Figures::default();
                for run in 0..=scale.runs {
                    for tool in ENGINES {
                        node.kfleet(&["topics", "create", "t", "--partitions", PARTITIONS, "--yes"]);
                        let to = match tool {
                            Engine::Kfleet => node.command(&[&["produce", "t", "-q"], keys].concat()),
                            Engine::Apache => kcat(node, &[&["-P", "-t", "t"], keys].concat()),
                        };
                        let measured = piped(cat(&file), to, &mut Vec::new());
                        assert_eq!(records(node), count, "{tool:?} lost some");
                        node.kfleet(&["topics", "delete", "t", "--yes"]);
                        figures.note(tool, run, (count * line_bytes as u64) as f64 / 1e6, measured);
                    }
                }
                figures.rows(&format!("{what} of {line_bytes} B, {engine:?}'s broker"), report);
            }
        }
        nodes.into_iter().for_each(|(_, node)| node.stop());
    }
}

/// Records of the topic.
fn records(node: &Node) -> u64 {
    let ends = node.data(&["offsets", "get", "t"]);
    let ends = ends.as_array().into_iter().flatten();
    ends.filter_map(|row| row["offset"].as_u64()).sum()
}

pub(crate) fn consume(scale: Scale, report: &mut Report) {
    for (line_bytes, count) in LOADS {
        let dir = scratch();
        let nodes = both(dir.path());
        let count = count / scale.divisor;
        let file = lines(dir.path(), line_bytes, count);
        for (_, node) in &nodes {
            node.kfleet(&["topics", "create", "t", "--partitions", PARTITIONS, "--yes"]);
            let mut to = node.command(&["produce", "t", "-q", "-K", ":"]);
            let file = File::open(&file).expect("the lines are there");
            let status = to.stdin(file).status().expect("kfleet starts");
            assert!(status.success(), "the lines are not written");
        }
        for (what, format) in [("values", None), ("a format", Some("%p %o %k %s\n"))] {
            for (engine, node) in &nodes {
                let mut figures = Figures::default();
                for run in 0..=scale.runs {
                    for tool in ENGINES {
                        let more = format.map(|format| ["-f", format]);
                        let more = more.as_ref().map_or(&[][..], |more| &more[..]);
                        let mut from = match tool {
                            Engine::Kfleet => node.command(&[&["consume", "t"], more].concat()),
                            Engine::Apache => kcat(
                                node,
                                &[&["-C", "-t", "t", "-e", "-q", "-o", "beginning"], more].concat(),
                            ),
                        };
                        from.stdin(Stdio::null());
                        let mut wc = Command::new("wc");
                        wc.arg("-l");
                        let mut printed = Vec::new();
                        let measured = piped(from, wc, &mut printed);
                        let printed = String::from_utf8_lossy(&printed);
                        assert_eq!(printed.trim(), count.to_string(), "{tool:?} lost some");
                        figures.note(tool, run, (count * line_bytes as u64) as f64 / 1e6, measured);
                    }
                }
                figures.rows(&format!("{what} of {line_bytes} B, {engine:?}'s broker"), report);
            }
        }
        nodes.into_iter().for_each(|(_, node)| node.stop());
    }
}
