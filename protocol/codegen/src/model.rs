//! Messages as the definition files describe them.

/// A range of versions; `max` is `i16::MAX` for an open end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// First version.
    pub min: i16,
    /// Last version.
    pub max: i16,
}

impl Versions {
    /// No version.
    pub const NONE: Self = Self { min: 1, max: 0 };

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self.min > self.max
    }

    /// Whether every version of `other` is in it.
    pub fn covers(self, other: Self) -> bool {
        self.min <= other.min && self.max >= other.max
    }

    /// The versions in both.
    pub fn intersect(self, other: Self) -> Self {
        let both = Self {
            min: self.min.max(other.min),
            max: self.max.min(other.max),
        };
        if both.is_none() { Self::NONE } else { both }
    }
}

/// A field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// bool, integers, f64 and uuid, by name.
    Scalar(&'static str),
    /// UTF-8 text.
    String,
    /// Bytes, record sets included.
    Bytes,
    /// A struct, by name.
    Struct(String),
    /// An array.
    Array(Box<Type>),
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in snake case.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The versions that have it.
    pub versions: Versions,
    /// The versions in which it may be null.
    pub nullable: Versions,
    /// Tag number, and the versions in which it is a tagged field.
    pub tag: Option<(u32, Versions)>,
    /// Keeps fixed length prefixes in flexible versions.
    pub inflexible: bool,
    /// May be dropped when a version lacks it.
    pub ignorable: bool,
    /// Default value as written.
    pub default: Option<String>,
}

/// A struct of a message; the message itself is the one without a name of its own.
#[derive(Debug, Clone)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// Its fields in order.
    pub fields: Vec<Field>,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request.
    Request,
    /// A response.
    Response,
    /// A metadata record.
    Record,
    /// A coordinator record's key.
    Key,
    /// A coordinator record's value.
    Value,
    /// Anything else.
    Data,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// What it is for.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// API key or record number.
    pub key: Option<i16>,
    /// Valid versions.
    pub versions: Versions,
    /// Versions with compact lengths and tagged fields.
    pub flexible: Versions,
    /// The message's own fields.
    pub fields: Vec<Field>,
    /// Structs used in it.
    pub structs: Vec<Struct>,
}
