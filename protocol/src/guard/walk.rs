//! The walk itself.

use super::GuardError;
use super::shape::{Field, Kind, Shape};

/// What the first unknown tagged field of a struct costs: the first node of the map that keeps it, which has
/// room for eleven.
const FIRST_UNKNOWN_TAG_COST_BYTES: usize = 416;
/// What each further one costs, in a map whose nodes are half full and have parents.
const UNKNOWN_TAG_COST_BYTES: usize = 112;

/// A position in a body and what is left of the memory budget.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    body: &'a [u8],
    rest: &'a [u8],
    version: i16,
    flexible: bool,
    budget_bytes: usize,
    spent_bytes: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(body: &'a [u8], version: i16, flexible: bool, budget_bytes: usize) -> Self {
        Self {
            body,
            rest: body,
            version,
            flexible,
            budget_bytes,
            spent_bytes: 0,
        }
    }

    pub(super) fn position(&self) -> usize {
        self.body.len() - self.rest.len()
    }

    pub(super) fn message(&mut self, shape: &Shape) -> Result<(), GuardError> {
        self.spend(shape.size_bytes)?;
        self.fields(shape)
    }

    fn spend(&mut self, bytes: usize) -> Result<(), GuardError> {
        self.spent_bytes = self.spent_bytes.saturating_add(bytes);
        if self.spent_bytes > self.budget_bytes {
            return Err(GuardError::OverBudget {
                budget_bytes: self.budget_bytes,
            });
        }
        Ok(())
    }

    fn skip(&mut self, len: usize) -> Result<&'a [u8], GuardError> {
        let truncated = GuardError::Truncated {
            at: self.position(),
            needed: len,
            left: self.rest.len(),
        };
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn uvarint(&mut self) -> Result<u32, GuardError> {
        let at = self.position();
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.skip(1)?.first().copied().unwrap_or(0);
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| GuardError::BadVarint { at });
            }
        }
        Err(GuardError::BadVarint { at })
    }

    /// A length; null counts as nothing.
    fn len(&mut self, prefix_bytes: usize, compact: bool) -> Result<usize, GuardError> {
        if compact {
            return Ok((self.uvarint()? as usize).saturating_sub(1));
        }
        let prefix = self.skip(prefix_bytes)?;
        if prefix.first().is_some_and(|byte| byte & 0x80 != 0) {
            return Ok(0);
        }
        Ok(prefix.iter().fold(0, |len, byte| (len << 8) | usize::from(*byte)))
    }

    /// A tag. Typed messages keep it in 31 bits, and would lose what is beyond when they are written.
    fn tag(&mut self) -> Result<u32, GuardError> {
        let at = self.position();
        let tag = self.uvarint()?;
        if tag > i32::MAX as u32 {
            return Err(GuardError::BadVarint { at });
        }
        Ok(tag)
    }

    fn fields(&mut self, shape: &Shape) -> Result<(), GuardError> {
        for field in shape.fields {
            let tagged = field
                .tag
                .as_ref()
                .is_some_and(|tag| tag.versions.contains(self.version));
            if field.versions.contains(self.version) && !tagged {
                self.field(field)?;
            }
        }
        if self.flexible { self.tags(shape) } else { Ok(()) }
    }

    fn field(&mut self, field: &Field) -> Result<(), GuardError> {
        if field.nullable.contains(self.version) && !self.presence()? {
            return Ok(());
        }
        self.kind(&field.kind, self.flexible && !field.inflexible)
    }

    /// Whether a struct that may be null is there. Java takes any byte from 0 on for yes, the typed decoder
    /// only 1: on the others this walk and the decoder would part, so they are refused.
    fn presence(&mut self) -> Result<bool, GuardError> {
        let at = self.position();
        match self.skip(1)?.first().copied() {
            Some(1) => Ok(true),
            Some(0x80..) => Ok(false),
            _ => Err(GuardError::BadPresence { at }),
        }
    }

    fn kind(&mut self, kind: &Kind, compact: bool) -> Result<(), GuardError> {
        match kind {
            Kind::Fixed(len) => self.skip(*len).map(drop),
            Kind::String => {
                let len = self.len(2, compact)?;
                self.skip(len).map(drop)
            }
            Kind::Bytes => {
                let len = self.len(4, compact)?;
                self.skip(len).map(drop)
            }
            Kind::Struct(shape) => self.fields(shape),
            Kind::Array(element, element_bytes) => {
                let count = self.len(4, compact)?;
                // No element is shorter than a byte, so a count beyond what is left is a lie.
                if count > self.rest.len() {
                    return Err(GuardError::Truncated {
                        at: self.position(),
                        needed: count,
                        left: self.rest.len(),
                    });
                }
                self.spend(count.saturating_mul(*element_bytes))?;
                (0..count).try_for_each(|_| self.kind(element, compact))
            }
        }
    }

    fn tags(&mut self, shape: &Shape) -> Result<(), GuardError> {
        let mut cost_bytes = FIRST_UNKNOWN_TAG_COST_BYTES;
        for _ in 0..self.uvarint()? {
            let tag = self.tag()?;
            let len = self.uvarint()? as usize;
            let known = shape.fields.iter().find(|field| {
                field
                    .tag
                    .as_ref()
                    .is_some_and(|known| known.tag == tag && known.versions.contains(self.version))
            });
            let inside = self.skip(len)?;
            match known {
                None => {
                    self.spend(cost_bytes)?;
                    cost_bytes = UNKNOWN_TAG_COST_BYTES;
                }
                Some(field) => {
                    // The typed decoder reads the field from where it starts, whatever length was announced,
                    // so it must end where the length says.
                    let after = std::mem::replace(&mut self.rest, inside);
                    self.field(field)?;
                    if !self.rest.is_empty() {
                        return Err(GuardError::BadVarint {
                            at: self.body.len() - after.len(),
                        });
                    }
                    self.rest = after;
                }
            }
        }
        Ok(())
    }

    /// Steps over tagged fields of which none is known.
    pub(super) fn unknown_tags(&mut self) -> Result<(), GuardError> {
        for _ in 0..self.uvarint()? {
            self.uvarint()?;
            let len = self.uvarint()? as usize;
            self.skip(len)?;
        }
        Ok(())
    }
}
