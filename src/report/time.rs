//! Times as people and programs read them; always UTC.

use std::time::Duration;

use stepwell_engine::Timestamp;

fn moment(at: Timestamp) -> jiff::Timestamp {
    // Out of range only for a journal that was tampered with.
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// RFC 3339 with milliseconds, `2026-01-02T03:04:05.678Z`.
pub fn rfc3339_text(at: Timestamp) -> String {
    format!("{:.3}", moment(at))
}

/// `2026-01-02 03:04:05`.
pub fn date_time(at: Timestamp) -> String {
    moment(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `03:04:05`.
pub fn time_of_day(at: Timestamp) -> String {
    moment(at).strftime("%H:%M:%S").to_string()
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
        assert_eq!(date_time(at), "2026-01-02 03:04:05");
        assert_eq!(time_of_day(at), "03:04:05");
        let of = |millis| duration(Duration::from_millis(millis));
        assert_eq!(of(430), "0.4s");
        assert_eq!(of(12_900), "12s");
        assert_eq!(of(185_000), "3m 05s");
        assert_eq!(of(3_725_000), "1h 02m");
    }
}
