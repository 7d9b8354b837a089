//! Files of Kafka's scripts, in JSON.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::CommandError;

/// Most bytes of a file.
const FILE_MAX_BYTES: u64 = 256 << 20;

/// Reads a file, or stdin if it is called `-`.
pub(crate) fn read_text(file: &Path) -> Result<String, CommandError> {
    let shown = file.display();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => CommandError::not_found(format!("file {shown} does not exist")),
        _ => CommandError::io(&format!("reading {shown}"), &error),
    };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().take(FILE_MAX_BYTES).read_to_end(&mut bytes)?;
    } else {
        let opened = File::open(file).map_err(failed)?;
        opened.take(FILE_MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    }
    String::from_utf8(bytes).map_err(|_| CommandError::data(format!("{shown} is not UTF-8")))
}

/// Reads a file and what it says. What is wrong with it is told with line and column.
pub(crate) fn read<T: DeserializeOwned, U>(
    file: &Path,
    check: impl FnOnce(T) -> Result<U, String>,
) -> Result<U, CommandError> {
    parse(&read_text(file)?, check).map_err(|why| CommandError::data(format!("{}: {why}", file.display())))
}

/// What a text says, if it makes sense.
pub(crate) fn parse<T: DeserializeOwned, U>(
    text: &str,
    check: impl FnOnce(T) -> Result<U, String>,
) -> Result<U, String> {
    // Errors of serde_json end with line and column.
    check(serde_json::from_str(text).map_err(|error| error.to_string())?)
}
