//! Timestamps as AWS writes them, from milliseconds since the UNIX epoch.

use jiff::SignedDuration;
use jiff::civil::{DateTime, datetime};

const EPOCH: DateTime = datetime(1970, 1, 1, 0, 0, 0, 0);

/// Later times than `jiff` has, after the year 9999, become its last one.
fn time(ms: u64) -> DateTime {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    EPOCH.saturating_add(SignedDuration::from_millis(ms))
}

/// `2026-01-02T03:04:05.006Z`.
pub(crate) fn iso(ms: u64) -> String {
    time(ms).strftime("%FT%T%.3fZ").to_string()
}

/// The HTTP header `Date`: `Fri, 02 Jan 2026 03:04:05 GMT`.
pub(crate) fn http_date(ms: u64) -> String {
    time(ms).strftime("%a, %d %b %Y %T GMT").to_string()
}

/// The inverse of [`iso`]. The fraction may be missing, the zone must be `Z`.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let time: DateTime = text.strip_suffix('Z')?.parse().ok()?;
    u64::try_from(time.duration_since(EPOCH).as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::{http_date, iso, parse};

    #[test]
    fn the_header_names_the_day() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            http_date(1_709_164_800_000),
            "Thu, 29 Feb 2024 00:00:00 GMT"
        );
    }

    #[test]
    fn knows_leap_days_and_reads_what_it_writes() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(1_709_164_800_000), "2024-02-29T00:00:00.000Z");
        assert_eq!(iso(1_772_323_199_999), "2026-02-28T23:59:59.999Z");
        for ms in (0..4_000_000_000_000_u64).step_by(7_777_777_777) {
            assert_eq!(parse(&iso(ms)), Some(ms));
        }
        assert_eq!(parse("2026-13-01T00:00:00Z"), None);
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(1000));
    }
}
