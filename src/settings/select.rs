//! Which runs are meant by a time or a pattern.

use jiff::civil;
use jiff::tz::TimeZone;
use stepwell_engine::Timestamp;
use stepwell_workflows::shown;

use super::speed;
use crate::problem::Problem;

/// A point in time: one that is named, in UTC where it does not say otherwise,
/// or so long before `now`.
pub fn since(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    if let Ok(age) = speed::age(flag, text) {
        return Ok(now.minus(age));
    }
    let moment = (text.parse::<jiff::Timestamp>().ok()).or_else(|| {
        let at: civil::DateTime = match text.parse() {
            Ok(at) => at,
            Err(_) => text.parse::<civil::Date>().ok()?.into(),
        };
        TimeZone::UTC.to_timestamp(at).ok()
    });
    moment
        .map(|moment| Timestamp(moment.as_millisecond()))
        .ok_or_else(|| {
            Problem::usage(format!(
                "{flag} {} is not a time; allowed: a time such as 2026-01-02 or 2026-01-02T03:04:05Z, \
                 or an age such as 90m, 8h or 2d",
                shown(text)
            ))
        })
}

/// Whether a text fits a pattern in which `*` stands for any text and `?` for
/// any character.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    // Where the latest star is, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((place, reach)) => {
                    *reach += 1;
                    (at, from) = (*place + 1, *reach);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let target = "aurora/eu-west-1/keycloak";
        for good in [
            target,
            "*",
            "aurora/*",
            "*/keycloak",
            "*west*key*",
            "aurora/eu-west-?/keycloak",
            "**",
        ] {
            assert!(fits(good, target), "{good}");
        }
        for bad in [
            "",
            "aurora",
            "aurora/",
            "*/key",
            "keycloak",
            "?",
            "*x*",
            "aurora/eu-west-??/keycloak",
        ] {
            assert!(!fits(bad, target), "{bad}");
        }
        assert!(fits("*a*a*b", &("a".repeat(2000) + "b")));
        assert!(!fits("*a*a*b", &"a".repeat(2000)));
        assert!(fits("", "") && fits("*", "") && fits("?", "\u{e9}"));
    }

    #[test]
    fn times() {
        let now = Timestamp(1_767_323_045_678);
        let of = |text| since("--since", text, now).map(|at| at.0);
        assert_eq!(of("2026-01-02T03:04:05Z"), Ok(1_767_323_045_000));
        assert_eq!(of("2026-01-02T04:04:05+01:00"), Ok(1_767_323_045_000));
        assert_eq!(of("2026-01-02 03:04:05"), Ok(1_767_323_045_000));
        assert_eq!(of("2026-01-02"), Ok(1_767_312_000_000));
        assert_eq!(of("1m"), Ok(now.0 - 60_000));
        for bad in ["", "yesterday", "2026-13-01", "10"] {
            assert!(
                of(bad).is_err_and(|error| error.message.contains("allowed")),
                "{bad}"
            );
        }
    }
}
