//! Times as people and programs read them: UTC, and for people this machine's
//! time where they ask for it.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use stepwell_engine::Timestamp;

/// The zone of the times that people read, for the whole process.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// From now on people read this machine's time (`TZ`, or the system's zone).
pub fn show_local() {
    // A second call changes nothing.
    let _ = ZONE.set(TimeZone::system());
}

fn moment(at: Timestamp) -> jiff::Timestamp {
    // Out of range only for a journal that was tampered with.
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn zoned(at: Timestamp) -> ZonedDateTime {
    moment(at).to_zoned_datetime(ZONE.get().unwrap_or(&TimeZone::UTC).clone())
}

/// RFC 3339 with milliseconds, `2026-01-02T03:04:05.678Z`.
pub fn rfc3339_text(at: Timestamp) -> String {
    format!("{:.3}", moment(at))
}

/// `2026-01-02 03:04:05 UTC`.
pub fn date_time_zone(at: Timestamp) -> String {
    zoned(at).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// RFC 3339 with milliseconds, for people: `2026-01-02T03:04:05.678Z`, or with
/// this machine's offset.
pub fn exact(at: Timestamp) -> String {
    match ZONE.get() {
        None => rfc3339_text(at),
        Some(_) => zoned(at).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
    }
}

/// `03:04:05`.
pub fn time_of_day(at: Timestamp) -> String {
    zoned(at).strftime("%H:%M:%S").to_string()
}

/// `03:04:05`, with the date before it on another day than `start`.
pub fn since(start: Timestamp, at: Timestamp) -> String {
    let date = zoned(at).date();
    if date == zoned(start).date() {
        time_of_day(at)
    } else {
        format!("{date} {}", time_of_day(at))
    }
}

/// Times of lines in order: the date stands where the day changes.
#[derive(Debug, Default)]
pub struct Days(Option<Date>);

impl Days {
    /// `03:04:05`, or `2026-01-02 03:04:05` on another day than the time before.
    pub fn stamp(&mut self, at: Timestamp) -> String {
        let date = zoned(at).date();
        match self.0.replace(date) {
            Some(before) if before != date => format!("{date} {}", time_of_day(at)),
            _ => time_of_day(at),
        }
    }
}

/// A duration in at most two units: `0.4s`, `12s`, `3m 05s`, `1h 02m`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=9 => format!("{:.1}s", duration.as_secs_f64()),
        10..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Serialises a [`Timestamp`] as RFC 3339.
pub mod rfc3339 {
    use super::Timestamp;

    /// For `#[serde(with = …)]`.
    pub fn serialize<S: serde::Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::rfc3339_text(*at))
    }
}

/// Serialises an optional [`Timestamp`] as RFC 3339 or null.
pub mod rfc3339_option {
    use super::Timestamp;

    /// For `#[serde(with = …)]`.
    pub fn serialize<S: serde::Serializer>(
        at: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_str(&super::rfc3339_text(*at)),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let at = Timestamp(1_767_323_045_678);
        assert_eq!(rfc3339_text(at), "2026-01-02T03:04:05.678Z");
        assert_eq!(rfc3339_text(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(date_time_zone(at), "2026-01-02 03:04:05 UTC");
        assert_eq!(time_of_day(at), "03:04:05");
        let of = |millis| duration(Duration::from_millis(millis));
        assert_eq!(of(430), "0.4s");
        assert_eq!(of(12_900), "12s");
        assert_eq!(of(185_000), "3m 05s");
        assert_eq!(of(3_725_000), "1h 02m");
    }

    #[test]
    fn the_date_stands_where_the_day_changes() {
        let day = 24 * 60 * 60 * 1000;
        let mut days = Days::default();
        assert_eq!(days.stamp(Timestamp(day - 1000)), "23:59:59");
        assert_eq!(days.stamp(Timestamp(day)), "1970-01-02 00:00:00");
        assert_eq!(days.stamp(Timestamp(day + 1000)), "00:00:01");
        assert_eq!(since(Timestamp(0), Timestamp(day - 1000)), "23:59:59");
        assert_eq!(since(Timestamp(0), Timestamp(day)), "1970-01-02 00:00:00");
    }
}
