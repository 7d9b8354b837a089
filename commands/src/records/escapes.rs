//! Escapes in formats and delimiters, as kcat has them.

/// Bytes with `\n`, `\r`, `\t`, `\0`, `\\` and `\xNN` resolved.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let (resolved, after) = escape(rest).ok_or_else(|| {
            format!("\"{text}\" has an escape that is none of \\n, \\r, \\t, \\0, \\\\ and \\xNN (hexadecimal)")
        })?;
        out.push(resolved);
        rest = after;
    }
    Ok(out)
}

/// The byte that an escape stands for, and what follows it.
fn escape(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (kind, rest) = rest.split_first()?;
    let simple = match kind {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'0' => 0,
        b'\\' => b'\\',
        b'x' => {
            let (digits, rest) = rest.split_at_checked(2)?;
            let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
            return Some(((digit(0)? * 16 + digit(1)?) as u8, rest));
        }
        _ => return None,
    };
    Some((simple, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_or_refused() {
        assert_eq!(unescape(r"a\tb\x00\xfF\\\n").unwrap(), b"a\tb\x00\xff\\\n");
        assert_eq!(unescape("ä").unwrap(), "ä".as_bytes());
        for bad in [r"\", r"\q", r"\x", r"\x1", r"\xg0", r"\x+1"] {
            assert!(unescape(bad).is_err(), "{bad}");
        }
    }
}
