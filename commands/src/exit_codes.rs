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
