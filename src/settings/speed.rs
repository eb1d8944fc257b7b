//! Speeds and durations as people write them.

use std::time::Duration;

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
                "--sandbox-speed {text:?} is not a speed; allowed: a number from 0.01 to 100000, or max"
            ))
        })
}

/// A duration: a number with `ms`, `s`, `m` or `h`.
pub fn duration(flag: &str, text: &str) -> Result<Duration, Problem> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => Some(0.001),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    seconds
        .zip(number.parse::<f64>().ok())
        .map(|(unit, number)| unit * number)
        .filter(|seconds| (0.0..=7.0 * 86400.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            Problem::usage(format!(
                "{flag} {text:?} is not a duration; allowed: a number with a unit, such as 500ms, 30s, 10m or 1h, up to 7 days"
            ))
        })
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
}
