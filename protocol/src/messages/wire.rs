//! What generated readers and writers are made of. Nothing is allocated by a length that the bytes do not
//! bear out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use bytes::Bytes;

use crate::Uuid;

/// Why bytes are not the message they should be, or a message cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A field needs more bytes than are left.
    #[error("{what} is cut short: {needed} bytes needed, {left} left")]
    Truncated {
        /// What was read.
        what: &'static str,
        /// Bytes the field needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A varint of more than five bytes.
    #[error("{what} has a length that is too long")]
    BadVarint {
        /// What was read.
        what: &'static str,
    },
    /// Text that is not UTF-8.
    #[error("{what} has text that is not UTF-8")]
    BadUtf8 {
        /// What was read.
        what: &'static str,
    },
    /// Null where it is not allowed.
    #[error("{what} is null where it may not be")]
    UnexpectedNull {
        /// What was read.
        what: &'static str,
    },
    /// Bytes behind the end.
    #[error("{what} is followed by {left} bytes that do not belong to it")]
    Trailing {
        /// What was read.
        what: &'static str,
        /// How many.
        left: usize,
    },
    /// A version that is not known here.
    #[error("{what} has version {version}; {min} to {max} are known")]
    UnsupportedVersion {
        /// Which message.
        what: &'static str,
        /// Its version.
        version: i16,
        /// Lowest known.
        min: i16,
        /// Highest known.
        max: i16,
    },
    /// A number that is not known here.
    #[error("unknown message number {key}")]
    UnknownKey {
        /// The number.
        key: i16,
    },
    /// A frame version other than 1.
    #[error("unknown frame version {version}")]
    FrameVersion {
        /// The version.
        version: u32,
    },
    /// A field is set that the version to be written does not have.
    #[error("{what} version {version} has no field {field}")]
    Absent {
        /// Which message.
        what: &'static str,
        /// The version to be written.
        version: i16,
        /// The field.
        field: &'static str,
    },
    /// A field is longer than its length prefix can say.
    #[error("{what} has a field of {len} elements or bytes, too many to write")]
    TooLong {
        /// Which message.
        what: &'static str,
        /// How many.
        len: usize,
    },
}

/// The version in which a message is read or written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) what: &'static str,
    pub(super) version: i16,
    pub(super) flexible: bool,
}

impl Layout {
    pub(super) fn new(
        what: &'static str,
        version: i16,
        known: RangeInclusive<i16>,
        flexible: bool,
    ) -> Result<Self, WireError> {
        if known.contains(&version) {
            return Ok(Self {
                what,
                version,
                flexible,
            });
        }
        Err(WireError::UnsupportedVersion {
            what,
            version,
            min: *known.start(),
            max: *known.end(),
        })
    }
}

/// The error for a value that a version cannot carry.
pub(super) fn absent(layout: Layout, field: &'static str) -> WireError {
    WireError::Absent {
        what: layout.what,
        version: layout.version,
        field,
    }
}

/// Reads a whole message.
pub(super) fn decode<T: Wire>(bytes: &[u8], layout: Layout) -> Result<T, WireError> {
    let mut reader = Reader::new(bytes, layout.what);
    let message = T::read(&mut reader, layout)?;
    match reader.bytes.len() {
        0 => Ok(message),
        left => Err(WireError::Trailing {
            what: layout.what,
            left,
        }),
    }
}

/// A cursor over bytes.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, what }
    }

    pub(super) fn remaining(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn rest(&mut self) -> Bytes {
        Bytes::copy_from_slice(std::mem::take(&mut self.bytes))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        let truncated = WireError::Truncated {
            what: self.what,
            needed: len,
            left: self.bytes.len(),
        };
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn uvarint(&mut self) -> Result<u32, WireError> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let [byte] = self.fixed()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| WireError::BadVarint { what: self.what });
            }
        }
        Err(WireError::BadVarint { what: self.what })
    }

    /// A length: compact (one more than it says, 0 for null), or of `N` fixed bytes (negative for null).
    fn len<const N: usize>(&mut self, layout: Layout) -> Result<Option<usize>, WireError> {
        if layout.flexible {
            return Ok((self.uvarint()? as usize).checked_sub(1));
        }
        let bytes: [u8; N] = self.fixed()?;
        let sign = if bytes.first().is_some_and(|b| b & 0x80 != 0) {
            -1i64
        } else {
            0
        };
        let value = bytes.iter().fold(sign, |value, byte| (value << 8) | i64::from(*byte));
        Ok(usize::try_from(value).ok())
    }

    /// Walks a section of tagged fields; each is read from its own bytes, all of which must be used.
    pub(super) fn tags(
        &mut self,
        mut each: impl FnMut(u32, &mut Reader<'_>) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            let len = self.uvarint()? as usize;
            let mut inner = Reader::new(self.take(len)?, self.what);
            each(tag, &mut inner)?;
            if !inner.bytes.is_empty() {
                return Err(WireError::Trailing {
                    what: self.what,
                    left: inner.bytes.len(),
                });
            }
        }
        Ok(())
    }
}

/// Appends an unsigned varint.
pub(super) fn put_uvarint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends to a buffer.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// The bytes of a tagged field.
    pub(super) fn detached(write: impl FnOnce(&mut Writer<'_>) -> Result<(), WireError>) -> Result<Bytes, WireError> {
        let mut out = Vec::new();
        write(&mut Writer { out: &mut out })?;
        Ok(out.into())
    }

    pub(super) fn tags(&mut self, tags: &BTreeMap<u32, Bytes>) -> Result<(), WireError> {
        put_uvarint(self.out, tags.len() as u32);
        for (tag, bytes) in tags {
            put_uvarint(self.out, *tag);
            put_uvarint(self.out, bytes.len() as u32);
            self.out.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn len<const N: usize>(&mut self, len: Option<usize>, layout: Layout) -> Result<(), WireError> {
        let too_long = |len| WireError::TooLong { what: layout.what, len };
        if layout.flexible {
            let value = len.map_or(0, |len| len as u64 + 1);
            put_uvarint(self.out, u32::try_from(value).map_err(|_| too_long(len.unwrap_or(0)))?);
            return Ok(());
        }
        let value = len.map_or(-1, |len| len as i64);
        let max = if N == 2 {
            i64::from(i16::MAX)
        } else {
            i64::from(i32::MAX)
        };
        if value > max {
            return Err(too_long(len.unwrap_or(0)));
        }
        let bytes = value.to_be_bytes();
        self.out.extend_from_slice(bytes.get(8 - N..).unwrap_or_default());
        Ok(())
    }
}

/// A type with one representation.
pub(super) trait Wire: Sized {
    fn read(reader: &mut Reader<'_>, layout: Layout) -> Result<Self, WireError>;
    fn write(&self, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError>;
}

/// A type that has a null.
pub(super) trait NullableWire: Sized {
    fn read_nullable(reader: &mut Reader<'_>, layout: Layout) -> Result<Option<Self>, WireError>;
    fn write_nullable(value: Option<&Self>, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError>;
}

macro_rules! integer {
    ($($ty:ty),*) => {$(
        impl Wire for $ty {
            fn read(reader: &mut Reader<'_>, _: Layout) -> Result<Self, WireError> {
                Ok(Self::from_be_bytes(reader.fixed()?))
            }

            fn write(&self, writer: &mut Writer<'_>, _: Layout) -> Result<(), WireError> {
                writer.out.extend_from_slice(&self.to_be_bytes());
                Ok(())
            }
        }
    )*};
}

integer!(i8, i16, u16, i32, i64);

impl Wire for bool {
    fn read(reader: &mut Reader<'_>, _: Layout) -> Result<Self, WireError> {
        let [byte] = reader.fixed()?;
        Ok(byte != 0)
    }

    fn write(&self, writer: &mut Writer<'_>, _: Layout) -> Result<(), WireError> {
        writer.out.push(u8::from(*self));
        Ok(())
    }
}

impl Wire for f64 {
    fn read(reader: &mut Reader<'_>, _: Layout) -> Result<Self, WireError> {
        Ok(Self::from_be_bytes(reader.fixed()?))
    }

    fn write(&self, writer: &mut Writer<'_>, _: Layout) -> Result<(), WireError> {
        writer.out.extend_from_slice(&self.to_be_bytes());
        Ok(())
    }
}

impl Wire for Uuid {
    fn read(reader: &mut Reader<'_>, _: Layout) -> Result<Self, WireError> {
        Ok(Self::from_bytes(reader.fixed()?))
    }

    fn write(&self, writer: &mut Writer<'_>, _: Layout) -> Result<(), WireError> {
        writer.out.extend_from_slice(self.as_bytes());
        Ok(())
    }
}

impl NullableWire for String {
    fn read_nullable(reader: &mut Reader<'_>, layout: Layout) -> Result<Option<Self>, WireError> {
        let Some(len) = reader.len::<2>(layout)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(reader.take(len)?).map_err(|_| WireError::BadUtf8 { what: reader.what })?;
        Ok(Some(text.to_owned()))
    }

    fn write_nullable(value: Option<&Self>, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError> {
        writer.len::<2>(value.map(Self::len), layout)?;
        writer.out.extend_from_slice(value.map_or(&[], |text| text.as_bytes()));
        Ok(())
    }
}

impl NullableWire for Bytes {
    fn read_nullable(reader: &mut Reader<'_>, layout: Layout) -> Result<Option<Self>, WireError> {
        let Some(len) = reader.len::<4>(layout)? else {
            return Ok(None);
        };
        Ok(Some(Self::copy_from_slice(reader.take(len)?)))
    }

    fn write_nullable(value: Option<&Self>, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError> {
        writer.len::<4>(value.map(Self::len), layout)?;
        writer.out.extend_from_slice(value.map_or(&[], |bytes| bytes));
        Ok(())
    }
}

impl<T: Wire> NullableWire for Vec<T> {
    fn read_nullable(reader: &mut Reader<'_>, layout: Layout) -> Result<Option<Self>, WireError> {
        let Some(len) = reader.len::<4>(layout)? else {
            return Ok(None);
        };
        // No element is shorter than a byte, so a count beyond what is left is a lie.
        if len > reader.bytes.len() {
            return Err(WireError::Truncated {
                what: reader.what,
                needed: len,
                left: reader.bytes.len(),
            });
        }
        let mut out = Self::new();
        for _ in 0..len {
            out.push(T::read(reader, layout)?);
        }
        Ok(Some(out))
    }

    fn write_nullable(value: Option<&Self>, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError> {
        writer.len::<4>(value.map(Self::len), layout)?;
        value
            .into_iter()
            .flatten()
            .try_for_each(|element| element.write(writer, layout))
    }
}

macro_rules! never_null {
    ($($ty:ty $(, $param:ident)?;)*) => {$(
        impl$(<$param: Wire>)? Wire for $ty {
            fn read(reader: &mut Reader<'_>, layout: Layout) -> Result<Self, WireError> {
                Self::read_nullable(reader, layout)?.ok_or(WireError::UnexpectedNull { what: layout.what })
            }

            fn write(&self, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError> {
                Self::write_nullable(Some(self), writer, layout)
            }
        }
    )*};
}

never_null! {
    String;
    Bytes;
    Vec<T>, T;
}

/// A struct that may be null has a byte ahead of it: -1 for null, 1 otherwise.
macro_rules! nullable_struct {
    ($ty:ty) => {
        impl NullableWire for $ty {
            fn read_nullable(reader: &mut Reader<'_>, layout: Layout) -> Result<Option<Self>, WireError> {
                if i8::read(reader, layout)? < 0 {
                    Ok(None)
                } else {
                    Self::read(reader, layout).map(Some)
                }
            }

            fn write_nullable(value: Option<&Self>, writer: &mut Writer<'_>, layout: Layout) -> Result<(), WireError> {
                match value {
                    None => (-1i8).write(writer, layout),
                    Some(value) => {
                        1i8.write(writer, layout)?;
                        value.write(writer, layout)
                    }
                }
            }
        }
    };
}

pub(super) use nullable_struct;
