//! Exit codes: one table for all commands, and part of the contract with scripts.

/// Done, or OK.
pub const OK: u8 = 0;
/// No, different, declined, or WARNING.
pub const NO: u8 = 1;
/// CRITICAL; only checks, audits and verifications.
pub const CRITICAL: u8 = 2;
/// UNKNOWN; only checks and audits: something kept them from finding out.
pub const UNKNOWN: u8 = 3;
/// The command line makes no sense.
pub const USAGE: u8 = 64;
/// The input makes no sense.
pub const DATA: u8 = 65;
/// What was named does not exist.
pub const NOT_FOUND: u8 = 66;
/// Nobody answers; a retry may help.
pub const UNREACHABLE: u8 = 69;
/// A fault of kfleet's.
pub const BUG: u8 = 70;
/// A file or disk failed.
pub const IO: u8 = 74;
/// Stopped midway, something was changed.
pub const INTERRUPTED: u8 = 75;
/// The cluster refused, wholly or in part, or lacks the API.
pub const REJECTED: u8 = 76;
/// A safety rule refused, or there is neither a terminal nor --yes; nothing was changed.
pub const REFUSED: u8 = 77;
/// Authentication, by TLS or by login, or authorisation failed.
pub const AUTH: u8 = 78;
/// Time ran out.
pub const TIMED_OUT: u8 = 124;

/// What they mean, for people.
pub(crate) const MEANINGS: [(&str, &str); 15] = [
    ("0", "done, or OK"),
    ("1", "no, different (--exit-code), declined, or WARNING"),
    (
        "2, 3",
        "CRITICAL, UNKNOWN: checks, audits and verifications only; checks and audits exit with 0 to 3",
    ),
    ("64", "the command line makes no sense"),
    ("65", "the input makes no sense"),
    ("66", "the named topic, group, broker or file does not exist"),
    ("69", "nobody answers; a retry may help"),
    ("70", "a fault of kfleet's"),
    ("74", "a file or a disk failed"),
    ("75", "stopped midway, something was changed"),
    ("76", "the cluster refused, wholly or in part, or lacks the API"),
    (
        "77",
        "refused by a safety rule, or neither a terminal nor --yes; nothing was changed",
    ),
    ("78", "authentication, by TLS or by login, or authorisation failed"),
    ("124", "time ran out"),
    ("130, 143", "ended by a signal: SIGINT, SIGTERM"),
];
