//! Files that commands are given.

use std::io::Read as _;
use std::path::Path;

use crate::error::CommandError;

/// Most bytes of a file.
const FILE_MAX_BYTES: u64 = 256 << 20;

/// Reads a file as text, or stdin if it is called `-`.
pub(crate) fn read_text(file: &Path) -> Result<String, CommandError> {
    let shown = file.display();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::not_found(format!("file {shown} does not exist")),
        _ => CommandError::io(&format!("reading {shown}"), &error),
    };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(FILE_MAX_BYTES).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(FILE_MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    }
    String::from_utf8(bytes).map_err(|_| CommandError::data(format!("{shown} is not UTF-8")))
}
