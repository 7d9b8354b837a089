//! What a message looks like in each of its versions.

/// A range of versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Versions {
    min: i16,
    max: i16,
}

impl Versions {
    pub(super) const NONE: Self = Self { min: 1, max: 0 };

    pub(super) const fn new(min: i16, max: i16) -> Self {
        Self { min, max }
    }

    pub(super) const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }
}

/// A request or response.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) versions: Versions,
    /// First version with compact lengths and tagged fields.
    pub(super) flexible_from: i16,
    pub(super) shape: &'static Shape,
}

/// A struct.
#[derive(Debug)]
pub(super) struct Shape {
    /// An upper bound on what one decoded struct takes, without what its strings and arrays point to.
    pub(super) size_bytes: usize,
    pub(super) fields: &'static [Field],
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) versions: Versions,
    /// Versions in which a struct has a byte ahead that says whether it is there.
    pub(super) nullable: Versions,
    pub(super) tag: Option<Tag>,
    /// Keeps a fixed length prefix in flexible versions.
    pub(super) inflexible: bool,
    pub(super) kind: Kind,
}

/// Where a field is a tagged one.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) tag: u32,
    pub(super) versions: Versions,
}

/// How a field is laid out.
#[derive(Debug)]
pub(super) enum Kind {
    /// So many bytes.
    Fixed(usize),
    /// A 16-bit or compact length and as many bytes.
    String,
    /// A 32-bit or compact length and as many bytes.
    Bytes,
    /// A struct.
    Struct(&'static Shape),
    /// An array; each decoded element takes so many bytes inline.
    Array(&'static Kind, usize),
}
