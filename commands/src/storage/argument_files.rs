//! `@FILE` in place of arguments: they stand in the file, one a line, as Apache's tool takes them.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::definition;

/// How deep files may name files.
const DEPTH_MAX: usize = 8;

/// The arguments of this process, with files replaced by what is in them if the command is `storage`.
pub(crate) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, clap::Error> {
    let mut args = args.into_iter();
    let mut all: Vec<OsString> = args.by_ref().take(2).collect();
    if all.get(1).is_some_and(|command| command == "storage") {
        for arg in args {
            expand(arg, DEPTH_MAX, &mut all)?;
        }
    } else {
        all.extend(args);
    }
    Ok(all)
}

fn expand(arg: OsString, depth_left: usize, all: &mut Vec<OsString>) -> Result<(), clap::Error> {
    let Some(path) = arg.to_str().and_then(|text| text.strip_prefix('@')) else {
        all.push(arg);
        return Ok(());
    };
    let failed = |why: &dyn std::fmt::Display| {
        let complaint = format!("Could not read arguments from file '{path}': {why}\n");
        definition().error(ErrorKind::Io, complaint)
    };
    let depth_left = depth_left
        .checked_sub(1)
        .ok_or_else(|| failed(&"files name files too deep"))?;
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    for line in text.lines() {
        expand(line.into(), depth_left, all)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(args: &[&str]) -> Result<Vec<String>, clap::Error> {
        let all = read(args.iter().map(OsString::from))?;
        Ok(all.into_iter().map(|arg| arg.into_string().unwrap()).collect())
    }

    #[test]
    fn files_stand_for_their_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("outer"), format!("-c\r\na b\n@{}\n", path("inner"))).unwrap();
        std::fs::write(path("inner"), "-t\nid").unwrap();
        std::fs::write(path("loop"), format!("@{}", path("loop"))).unwrap();
        let outer = format!("@{}", path("outer"));
        let expected = ["kfleet", "storage", "format", "-c", "a b", "-t", "id", "-s"];
        assert_eq!(
            expanded(&["kfleet", "storage", "format", &outer, "-s"]).unwrap(),
            expected
        );
        assert_eq!(
            expanded(&["kfleet", "produce", &outer]).unwrap(),
            ["kfleet", "produce", &outer]
        );
        for missing in ["@/no/such/file", &format!("@{}", path("loop"))] {
            let error = expanded(&["kfleet", "storage", missing]).unwrap_err();
            assert!(error.to_string().contains("Could not read arguments from file"));
        }
    }
}
