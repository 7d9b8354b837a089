//! Messages as plain values, under the names and in the notation of Kafka's own JSON converters: what a tool that
//! shows records needs, without knowing each of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::Uuid;

/// A value without its type: ids are text, bytes are base64.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// Any integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text, an id, or bytes in base64.
    Text(String),
    /// An array.
    List(Vec<Plain>),
    /// A struct: names and values in the order of the definition.
    Fields(Vec<(&'static str, Plain)>),
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => serializer.collect_seq(values),
            Self::Fields(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// What has plain values. A struct shows the fields its version has; tagged fields only where they differ from their
/// defaults, as they are on the wire.
pub trait ToPlain {
    /// The values in this version.
    fn to_plain(&self, version: i16) -> Plain;
}

/// Collects a struct's fields.
#[derive(Debug, Default)]
pub(super) struct PlainFields(Vec<(&'static str, Plain)>);

impl PlainFields {
    pub(super) fn add(&mut self, name: &'static str, value: &impl ToPlain, version: i16) {
        self.0.push((name, value.to_plain(version)));
    }

    pub(super) fn finish(self) -> Plain {
        Plain::Fields(self.0)
    }
}

impl ToPlain for bool {
    fn to_plain(&self, _: i16) -> Plain {
        Plain::Bool(*self)
    }
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl ToPlain for $ty {
            fn to_plain(&self, _: i16) -> Plain {
                Plain::Int(i64::from(*self))
            }
        }
    )*};
}

integers!(i8, i16, u16, i32, u32, i64);

impl ToPlain for f64 {
    fn to_plain(&self, _: i16) -> Plain {
        Plain::Float(*self)
    }
}

impl ToPlain for String {
    fn to_plain(&self, _: i16) -> Plain {
        Plain::Text(self.clone())
    }
}

impl ToPlain for Uuid {
    fn to_plain(&self, _: i16) -> Plain {
        Plain::Text(self.to_string())
    }
}

impl ToPlain for Bytes {
    fn to_plain(&self, _: i16) -> Plain {
        Plain::Text(STANDARD.encode(self))
    }
}

impl<T: ToPlain> ToPlain for Vec<T> {
    fn to_plain(&self, version: i16) -> Plain {
        Plain::List(self.iter().map(|value| value.to_plain(version)).collect())
    }
}

impl<T: ToPlain> ToPlain for Option<T> {
    fn to_plain(&self, version: i16) -> Plain {
        self.as_ref().map_or(Plain::Null, |value| value.to_plain(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::metadata::{PartitionChangeRecord, PartitionRecord, Record};

    #[test]
    fn a_version_shows_its_fields_and_tags_that_say_something() {
        let record = PartitionRecord {
            topic_id: Uuid::ONE,
            replicas: vec![1],
            directories: vec![Uuid::TWO],
            ..Default::default()
        };
        let json = |version| serde_json::to_string(&record.to_plain(version)).unwrap();
        let common = r#"{"partitionId":-1,"topicId":"AAAAAAAAAAAAAAAAAAAAAQ","replicas":[1],"isr":[],"removingReplicas":[],"addingReplicas":[],"leader":-1,"leaderEpoch":-1,"partitionEpoch":-1"#;
        assert_eq!(json(0), format!("{common}}}"));
        assert_eq!(
            json(2),
            format!("{common},\"directories\":[\"AAAAAAAAAAAAAAAAAAAAAg\"]}}")
        );
    }

    #[test]
    fn records_have_kafkas_names() {
        let record = Record::from(PartitionChangeRecord::default());
        assert_eq!(record.name(), "PARTITION_CHANGE_RECORD");
        let Plain::Fields(fields) = record.to_plain(0) else {
            panic!("a record has fields")
        };
        assert_eq!(
            fields.len(),
            2,
            "all others are tagged and have their defaults: {fields:?}"
        );
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(
            Bytes::from_static(b"\xff\0?").to_plain(0),
            Plain::Text("/wA/".to_owned())
        );
    }
}
