//! Amounts with units, as people write and read them.

use std::time::Duration;

use crate::context::parse_duration;

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Bytes, as in 512, 100MB or 1.5GiB.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let invalid = || format!("\"{text}\" is not an amount such as 512B, 100MB, 1.5GiB or 4TB");
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), *unit)))
        .unwrap_or((text, 1));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.len() <= 18 && text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(invalid());
    }
    let whole: u64 = whole.parse().map_err(|_| invalid())?;
    let whole = whole.checked_mul(unit).ok_or_else(invalid)?;
    let part = format!("0.{fraction}0").parse::<f64>().map_err(|_| invalid())? * unit as f64;
    whole.checked_add(part.round() as u64).ok_or_else(invalid)
}

/// Bytes of something that has to have some.
pub(crate) fn parse_room(text: &str) -> Result<u64, String> {
    parse_bytes(text).and_then(|bytes| some(bytes, text))
}

fn some(amount: u64, text: &str) -> Result<u64, String> {
    if amount == 0 {
        return Err(format!("\"{text}\" is nothing"));
    }
    Ok(amount)
}

/// Bytes in a second, as in 100MB/s or 10Gbit/s.
pub(crate) fn parse_rate(text: &str) -> Result<u64, String> {
    let invalid = || format!("\"{text}\" is not a rate such as 100MB/s or 10Gbit/s");
    if let Some(bits) = text.strip_suffix("bit/s") {
        let kilo = bits.strip_suffix('k');
        let bits = kilo.map_or_else(|| format!("{bits}B"), |bits| format!("{bits}kB"));
        let bits = parse_bytes(&bits).map_err(|_| invalid())?;
        return some(bits / 8, text);
    }
    let rate = parse_bytes(text.strip_suffix("/s").unwrap_or(text)).map_err(|_| invalid())?;
    some(rate, text)
}

/// Time, also in days.
pub(crate) fn parse_period(text: &str) -> Result<Duration, String> {
    let invalid = || format!("\"{text}\" is not a time such as 7d, 12h or 30m");
    match text.strip_suffix('d') {
        None => parse_duration(text).map_err(|_| invalid()),
        Some(days) => {
            let days: u64 = days.parse().map_err(|_| invalid())?;
            days.checked_mul(86_400).map(Duration::from_secs).ok_or_else(invalid)
        }
    }
}

/// Bytes for people: three digits that count.
pub(crate) fn bytes(amount: u64) -> String {
    let decimal = UNITS.iter().filter(|(name, _)| !name.contains('i'));
    let (name, unit) = decimal
        .clone()
        .find(|(_, unit)| amount >= *unit)
        .copied()
        .unwrap_or(("B", 1));
    let scaled = amount as f64 / unit as f64;
    let text = match scaled {
        _ if unit == 1 => format!("{amount}"),
        s if s >= 100.0 => format!("{s:.0}"),
        s if s >= 10.0 => format!("{s:.1}"),
        s => format!("{s:.2}"),
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} {name}")
}

/// Whole numbers with commas between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Time for people, in the largest unit that divides it.
pub(crate) fn period(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
    let fits = units
        .iter()
        .find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    fits.map_or_else(
        || format!("{seconds} s"),
        |(name, unit)| format!("{} {name}", seconds / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units() {
        for (text, amount) in [
            ("512", 512),
            ("512B", 512),
            ("100MB", 100_000_000),
            ("1.5GiB", 1_610_612_736),
            ("0.5kB", 500),
            ("4 TB", 4_000_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(amount), "{text}");
        }
        for bad in ["", "MB", "-1MB", "1.2.3MB", "1XB", "1e9", "99999999999TB", "0x10"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_may_be_in_bits() {
        assert_eq!(parse_rate("100MB/s"), Ok(100_000_000));
        assert_eq!(parse_rate("100MB"), Ok(100_000_000));
        assert_eq!(parse_rate("10Gbit/s"), Ok(1_250_000_000));
        assert_eq!(parse_rate("800kbit/s"), Ok(100_000));
        for bad in ["fast", "0MB/s", "1bit/s", "10Gb/h"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
        assert!(parse_room("0B").is_err());
    }

    #[test]
    fn times_may_be_in_days() {
        assert_eq!(parse_period("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(parse_period("12h"), Ok(Duration::from_secs(43_200)));
        assert!(parse_period("a week").is_err());
    }

    #[test]
    fn people_read_few_digits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000), "1.5 MB");
        assert_eq!(bytes(100_000_000), "100 MB");
        assert_eq!(bytes(226_800_000_000_000), "227 TB");
        assert_eq!(count(1), "1");
        assert_eq!(count(262_144), "262,144");
        assert_eq!(period(604_800), "7 d");
        assert_eq!(period(90), "90 s");
    }
}
