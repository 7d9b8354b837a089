//! Kafka's 128-bit ids, written as 22 characters of URL-safe base64 without padding.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{NO_PAD, URL_SAFE_NO_PAD};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// Java drops the bits of the last character that do not fit.
const DECODER: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, DECODER_CONFIG);
const DECODER_CONFIG: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);

/// A topic id, directory id or cluster id. Kafka keeps the first 100 values for itself.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid([u8; 16]);

/// The text is not 16 bytes of URL-safe base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a Kafka id: expected 22 characters of URL-safe base64")]
pub struct ParseUuidError {
    text: String,
}

impl Uuid {
    /// All zero: "no id" in requests, `DirectoryId.MIGRATING` among directory ids.
    pub const ZERO: Self = Self::from_u128(0);
    /// The topic id of `__cluster_metadata`, and `DirectoryId.UNASSIGNED` among directory ids.
    pub const ONE: Self = Self::from_u128(1);
    /// `DirectoryId.LOST`.
    pub const TWO: Self = Self::from_u128(2);

    /// The id with these bytes, most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id with this numeric value.
    pub const fn from_u128(value: u128) -> Self {
        Self(value.to_be_bytes())
    }

    /// Most significant byte first.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether this is one of the 100 values Kafka never hands out.
    pub const fn is_reserved(&self) -> bool {
        u128::from_be_bytes(self.0) < 100
    }

    /// Draws ids from `random` until one is fit to be generated: not reserved, and its text does not
    /// start with `-`, which an argument parser would take for a flag (Kafka's `Uuid.randomUuid`).
    pub fn generate(mut random: impl FnMut() -> u128) -> Self {
        loop {
            let id = Self::from_u128(random());
            // The first character is '-' exactly if the first six bits are 62.
            if !id.is_reserved() && id.0[0] >> 2 != 62 {
                return id;
            }
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || ParseUuidError { text: text.to_owned() };
        if text.len() > 24 {
            return Err(invalid());
        }
        let bytes = DECODER.decode(text.trim_end_matches('=')).map_err(|_| invalid())?;
        Ok(Self(bytes.try_into().map_err(|_| invalid())?))
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.into_bytes())
    }
}

impl From<Uuid> for uuid::Uuid {
    fn from(id: Uuid) -> Self {
        Self::from_bytes(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_as_java_writes_it() {
        let id: Uuid = "fMCL8kv1SWm87L_Md-I2hg".parse().unwrap();
        assert_eq!(id.to_string(), "fMCL8kv1SWm87L_Md-I2hg");
        assert_eq!("fMCL8kv1SWm87L_Md-I2hh".parse::<Uuid>(), Ok(id));
        assert_eq!(Uuid::ONE.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert!("fMCL8kv1SWm87L_Md-I2h".parse::<Uuid>().is_err());
        assert!("not an id at all".parse::<Uuid>().is_err());
    }

    #[test]
    fn generated_ids_skip_reserved_values_and_a_leading_dash() {
        let mut draws = [5u128, 62u128 << 122, 7u128 << 100].into_iter();
        let id = Uuid::generate(|| draws.next().unwrap());
        assert_eq!(id, Uuid::from_u128(7u128 << 100));
    }
}
