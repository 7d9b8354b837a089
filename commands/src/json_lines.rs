//! JSON whose parts are read one by one, so that what is wrong with one of them is told with its line.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What is wrong, and in which line.
pub(crate) type Fault = (usize, String);

/// The first document in a text, behind whatever Kafka's scripts print before it.
pub(crate) fn document(text: &str) -> Result<&str, Fault> {
    let start = text.find(['{', '[']).unwrap_or(0);
    let (_, rest) = text.split_at(start);
    let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
    match documents.next() {
        Some(Ok(raw)) => Ok(raw.get()),
        Some(Err(error)) => Err(fault(text, rest, &error)),
        None => Err((1, "there is no JSON in it".to_owned())),
    }
}

/// A piece of a text as a value.
pub(crate) fn part<'a, T: Deserialize<'a>>(text: &str, piece: &'a str) -> Result<T, Fault> {
    serde_json::from_str(piece).map_err(|error| fault(text, piece, &error))
}

fn fault(text: &str, piece: &str, error: &serde_json::Error) -> Fault {
    let told = error.to_string();
    let reason = told
        .rsplit_once(" at line ")
        .map_or(told.as_str(), |(reason, _)| reason);
    (line_of(text, piece) + error.line().max(1) - 1, reason.to_owned())
}

/// The line of a piece of a text.
pub(crate) fn line_of(text: &str, piece: &str) -> usize {
    let offset = (piece.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_print_around_a_document_does_not_count_but_for_its_lines() {
        let text = "Querying brokers\nReceived\n{\"a\":\n [1, \"x\"]}\nmore {";
        let found = document(text).unwrap();
        assert_eq!(found, "{\"a\":\n [1, \"x\"]}");
        let wrong: Fault = part::<std::collections::BTreeMap<String, Vec<i32>>>(text, found).unwrap_err();
        assert_eq!(wrong.0, 4);
        assert_eq!(document("a\nb").unwrap_err().0, 1);
        assert_eq!(document("a\n{\"b\":\n").unwrap_err().0, 3);
    }
}
