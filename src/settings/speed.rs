//! Speeds and durations as people write them.

use std::time::Duration;

use stepwell_workflows::shown;

use crate::clock::Pace;
use crate::problem::Problem;

/// The pace that `--sandbox-speed` names.
pub fn parse(text: &str) -> Result<Pace, Problem> {
    if text == "max" {
        return Ok(Pace::Max);
    }
    text.parse::<f64>()
        .ok()
        .filter(|speed| (0.01..=100_000.0).contains(speed))
        .map(Pace::Times)
        .ok_or_else(|| {
            Problem::usage(format!(
                "--sandbox-speed {} is not a speed; allowed: a number from 0.01 to 100000, or max",
                shown(text)
            ))
        })
}

/// A duration: a number with `ms`, `s`, `m` or `h`.
pub fn duration(flag: &str, text: &str) -> Result<Duration, Problem> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    parse_duration(text, &units, 7.0).ok_or_else(|| {
        Problem::usage(format!(
            "{flag} {} is not a duration; allowed: a number with a unit, such as 500ms, 30s, 10m or 1h, up to 7 days",
            shown(text)
        ))
    })
}

/// An age: a number with `m`, `h` or `d`.
pub fn age(flag: &str, text: &str) -> Result<Duration, Problem> {
    let units = [("m", 60.0), ("h", 3600.0), ("d", DAY)];
    parse_duration(text, &units, 3650.0).ok_or_else(|| {
        Problem::usage(format!(
            "{flag} {} is not an age; allowed: a number with a unit, such as 90m, 8h or 2d, up to 3650 days",
            shown(text)
        ))
    })
}

/// Seconds of a day.
const DAY: f64 = 86400.0;

fn parse_duration(text: &str, units: &[(&str, f64)], days: f64) -> Option<Duration> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let (_, unit) = units.iter().find(|(name, _)| *name == unit)?;
    let seconds = number.parse::<f64>().ok()? * unit;
    (0.0..=days * DAY)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds() {
        assert_eq!(parse("max").unwrap(), Pace::Max);
        assert_eq!(parse("60").unwrap(), Pace::Times(60.0));
        assert_eq!(parse("0.5").unwrap(), Pace::Times(0.5));
        for wrong in ["", "0", "-1", "nan", "inf", "fast", "MAX", "1e9"] {
            let problem = parse(wrong).unwrap_err();
            assert_eq!(problem.exit, crate::Exit::Usage);
            assert!(problem.message.contains("--sandbox-speed"), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        let of = |text| duration("--latency", text);
        assert_eq!(of("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(of("1.5s").unwrap(), Duration::from_millis(1500));
        assert_eq!(of("10m").unwrap(), Duration::from_secs(600));
        for wrong in ["", "5", "s", "5 s", "5d", "-5s", "1e9h", "infs"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
    #[test]
    fn ages() {
        let of = |text| age("--older-than", text);
        assert_eq!(of("90m").unwrap(), Duration::from_secs(5400));
        assert_eq!(of("0.5h").unwrap(), Duration::from_secs(1800));
        assert_eq!(of("2d").unwrap(), Duration::from_secs(172_800));
        for wrong in ["", "2", "d", "2 d", "30s", "-1h", "1w", "4000d", "nanh"] {
            let problem = of(wrong).unwrap_err();
            assert!(problem.message.contains("--older-than"), "{wrong}");
        }
    }
}
