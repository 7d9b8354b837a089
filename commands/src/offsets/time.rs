//! Times and durations as Kafka's script takes them, and a little more.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};

/// Milliseconds since 1970 of a time such as 2026-11-27T14:30:00.000, which is UTC unless it says otherwise: with Z,
/// +02:00, +0200.
pub(crate) fn parse_datetime(text: &str) -> Result<i64, String> {
    let wrong = || format!("\"{text}\" is not a time such as 2026-11-27T14:30:00.000, with Z or +02:00 if not in UTC");
    if !text.contains(['T', 't', ' ']) {
        return Err(wrong());
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.as_millisecond());
    }
    // What has an offset that makes no sense is no time of day, either.
    let civil: DateTime = text.parse().map_err(|_| wrong())?;
    let zoned = civil.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(zoned.timestamp().as_millisecond())
}

/// Milliseconds of a duration: ISO 8601 as in P1DT2H30M, or as in 36h or 90m. A day has 24 hours.
pub(crate) fn parse_span(text: &str) -> Result<i64, String> {
    let wrong = || format!("\"{text}\" is not a duration such as P1DT2H, PT30M, 36h or 90m");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    i64::try_from(duration.as_millis()).map_err(|_| wrong())
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A time as people read it.
pub(super) fn text_of(timestamp_ms: i64) -> String {
    Timestamp::from_millisecond(timestamp_ms).map_or_else(|_| format!("{timestamp_ms} ms"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        let at = 1_764_253_800_000;
        for text in [
            "2025-11-27T14:30:00.000",
            "2025-11-27T14:30:00",
            "2025-11-27 14:30",
            "2025-11-27T14:30:00.000Z",
            "2025-11-27T16:30:00.000+02:00",
            "2025-11-27T16:30:00.000+0200",
            "2025-11-27T06:30:00.000-08",
        ] {
            assert_eq!(parse_datetime(text), Ok(at), "{text}");
        }
        assert_eq!(parse_datetime("2025-11-27T14:30:00.123"), Ok(at + 123));
        for text in [
            "2025-11-27",
            "yesterday",
            "T",
            "2025-13-01T00:00:00",
            "",
            "1764253800000",
        ] {
            assert!(parse_datetime(text).is_err(), "{text}");
        }
        assert_eq!(text_of(at), "2025-11-27T14:30:00Z");
    }

    #[test]
    fn durations_are_javas_or_short() {
        for (text, ms) in [
            ("P1D", 86_400_000),
            ("PT1H30M", 5_400_000),
            ("P1DT2H3M4.5S", 93_784_500),
            ("-PT1M", -60_000),
            ("PT0S", 0),
            ("36h", 129_600_000),
            ("90m", 5_400_000),
            ("500ms", 500),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse_span(text), Ok(ms), "{text}");
        }
        for text in ["", "P", "5", "P1Y", "P1M", "soon"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }
}
