//! Random flags and variables: resolved, or refused with the name, the value
//! and what is allowed.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::aurora::create::{self, CreateArguments};
use super::peering::delete::{Chosen, DeleteArguments};
use crate::clock::Pace;
use crate::environment::{Environment, VARIABLES, Variable};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::place::{self, ClusterArguments, Sourced};
use crate::settings::rosa::RosaArguments;
use crate::settings::{input, rosa, speed};
use stepwell_testkit::fuzz;

fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]{1,4}",
        2 => "[0-9]{1,3}\\.[0-9]{0,3}",
        1 => select(vec![
            "", "-1", "+5", "1e3", "1e999", "NaN", "inf", "-0", "0", ".5", "5.", "0x10", "1_000",
            "١", "4294967296", "18446744073709551616", "00000000000000000001", " 1", "1 ",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

/// A number that is written with digits and at most one dot.
fn plain(text: &str) -> Option<f64> {
    let legal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    (legal && text.matches('.').count() <= 1 && text.bytes().any(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// An error of the command line that a person can act on.
#[track_caller]
fn legible(problem: &Problem, name: &str, value: &str) {
    let message = &problem.message;
    assert_eq!(problem.exit, Exit::Usage);
    assert!(
        message.contains(name) && message.contains("allowed: "),
        "{message}"
    );
    assert!(message.chars().count() < 700, "{message}");
    assert!(!message.contains(char::is_control), "{message:?}");
    let beginning: String = value.chars().take(20).collect();
    let shown = format!("{beginning:?}");
    assert!(
        message.contains(shown.trim_matches('"')),
        "{value:?} in {message}"
    );
}

#[test]
fn durations_ages_and_speeds() {
    /// A flag, how it is read, its units in seconds, and the longest.
    type Kind = (
        &'static str,
        fn(&str) -> Result<Duration, Problem>,
        &'static [(&'static str, f64)],
        f64,
    );
    let kinds: [Kind; 2] = [
        (
            "--latency",
            |text| speed::duration("--latency", text),
            &[("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)],
            7.0 * 86400.0,
        ),
        (
            "--older-than",
            |text| speed::age("--older-than", text),
            &[("m", 60.0), ("h", 3600.0), ("d", 86400.0)],
            3650.0 * 86400.0,
        ),
    ];
    for (flag, read, units, longest) in kinds {
        let unit = select(vec!["ms", "s", "m", "h", "d", "", "S", "w", " s", "é"]);
        let texts = (numbers(), unit).prop_map(|(number, unit)| format!("{number}{unit}"));
        fuzz(
            &format!("inputs for {flag}"),
            3000,
            &["accepted", "refused"],
            texts,
            |text, tally| {
                // The longest unit that fits, or `5ms` would be five metres.
                let unit = units.iter().find(|(name, _)| {
                    text.strip_suffix(name)
                        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_alphabetic()))
                });
                let expected = unit.and_then(|(name, seconds)| {
                    let number = text.strip_suffix(name)?;
                    let number = number.strip_prefix('+').unwrap_or(number);
                    Some(plain(number)? * seconds).filter(|seconds| *seconds <= longest)
                });
                match read(&text) {
                    Ok(duration) => {
                        let expected = expected.unwrap_or_else(|| {
                            // A zero may have a sign.
                            assert_eq!(duration, Duration::ZERO, "{text:?} is taken");
                            0.0
                        });
                        let off = (duration.as_secs_f64() - expected).abs();
                        assert!(off < 1e-6, "{text:?} is {duration:?}");
                        tally.count("accepted");
                    }
                    Err(problem) => {
                        assert_eq!(expected, None, "{text:?} is refused");
                        legible(&problem, flag, &text);
                        tally.count("refused");
                    }
                }
            },
        );
    }
    let texts =
        prop_oneof![9 => numbers(), 1 => Just("max".to_owned()), 1 => Just("MAX".to_owned())];
    fuzz(
        "inputs for --sandbox-speed",
        3000,
        &["accepted", "refused"],
        texts,
        |text, tally| match speed::parse(&text) {
            Ok(Pace::Max) => {
                assert_eq!(text, "max");
                tally.count("accepted");
            }
            Ok(Pace::Times(speed)) => {
                assert!(
                    speed.is_finite() && (0.01..=100_000.0).contains(&speed),
                    "{text}"
                );
                tally.count("accepted");
            }
            Err(problem) => {
                let number = plain(&text);
                let right = number.is_some_and(|number| (0.01..=100_000.0).contains(&number));
                assert!(!right, "{text:?} is refused");
                legible(&problem, "--sandbox-speed", &text);
                tally.count("refused");
            }
        },
    );
}

#[test]
fn counts_and_pairs() {
    fuzz(
        "inputs for --parallel",
        2000,
        &["accepted", "refused"],
        numbers(),
        |text, tally| {
            let given = Sourced {
                value: text.clone(),
                variable: None,
            };
            match place::number("--parallel", Some(given), 16, 1..=1000) {
                Ok(number) => {
                    let digits = text.trim_start_matches('+').trim_start_matches('0');
                    assert_eq!(digits, number.to_string(), "{text:?} is taken");
                    tally.count("accepted");
                }
                Err(problem) => {
                    let number = text
                        .parse::<u32>()
                        .is_ok_and(|number| (1..=1000).contains(&number));
                    assert!(!number, "{text:?} is refused");
                    legible(&problem, "--parallel", &text);
                    tally.count("refused");
                }
            }
        },
    );
    let texts = prop_oneof!["\\PC{0,9}=\\PC{0,9}", "\\PC{0,9}", any::<String>()];
    fuzz(
        "inputs for --tag",
        2000,
        &["accepted", "refused"],
        texts,
        |text, tally| match input::pair("--tag", &text) {
            Ok((key, value)) => {
                assert_eq!(format!("{key}={value}"), text);
                assert!(!key.is_empty() && !key.contains('='));
                tally.count("accepted");
            }
            Err(problem) => {
                assert!(
                    !text.contains('=') || text.starts_with('='),
                    "{text:?} is refused"
                );
                legible(&problem, "--tag", &text);
                tally.count("refused");
            }
        },
    );
}

/// Values as variables have them: some that fit one or another, and others.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(vec![
            "keycloak", "eu-west-1", "2", "db.r7g.xlarge", "aurora-postgresql", "17.5", "vpc-01234567",
            "rosa-1", "staging", "https://api.example.com", "http://127.0.0.1:8/", "nightly",
            "e30.eyJ0eXAiOiJPZmZsaW5lIn0.x", "correct-horse", "net", "",
        ]).prop_map(str::to_owned),
        1 => select(vec![
            "https://user:geheim@x", "http://x", "https://", "ftp://x", "https://a\u{1b}b", "99999999999",
        ]).prop_map(str::to_owned),
        // A variable can't hold a zero.
        1 => any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

#[test]
fn whatever_the_environment_holds() {
    let variables: Vec<Variable> = VARIABLES.iter().map(|(variable, _)| *variable).collect();
    let held = prop::collection::btree_map(select(variables), values(), 0..10);
    let flag = || prop::option::weighted(0.3, values());
    let strategy = (held, flag(), flag(), flag(), any::<bool>());
    let kinds = ["resolved", "refused"];
    fuzz(
        "environments",
        3000,
        &kinds,
        strategy,
        |(held, cluster, region, network, all), tally| {
            // What only a secret holds must not come up in any message.
            let held: Vec<(Variable, String)> = held
                .into_iter()
                .map(|(variable, value)| {
                    let name = variable.name();
                    let secret = name.starts_with("OCM") || name == "AURORA_PASSWORD";
                    let value = if secret {
                        value.replace("geheim", "verborgen")
                    } else {
                        value
                    };
                    (variable, value)
                })
                .collect();
            let held: Vec<(Variable, &str)> = held
                .iter()
                .map(|(variable, value)| (*variable, value.as_str()))
                .collect();
            let environment = Environment::of(&held);
            let named = ClusterArguments { cluster, region };
            let from_rosa = RosaArguments {
                rosa_cluster: network,
                ..RosaArguments::default()
            };
            let creating = CreateArguments {
                cluster: named.clone(),
                ..CreateArguments::default()
            };
            let deleting = DeleteArguments {
                cluster: named,
                all,
                rosa: from_rosa.clone(),
                ..DeleteArguments::default()
            };
            let results = [
                create::resolve(&creating, &environment, None).map(drop),
                rosa::RosaSettings::resolve(&from_rosa, &environment).map(drop),
                Chosen::resolve(&deleting, &environment).map(drop),
                rosa::source(None, &environment).map(drop),
                place::endpoint(None, &environment).map(drop),
            ];
            for result in results {
                match result {
                    Ok(()) => tally.count("resolved"),
                    Err(problem) => {
                        let message = &problem.message;
                        assert_eq!(problem.exit, Exit::Usage);
                        assert!(message.contains("allowed"), "{message}");
                        assert!(message.chars().count() < 700, "{message}");
                        assert!(!message.contains(char::is_control), "{message:?}");
                        assert!(!message.contains("verborgen"), "{message}");
                        tally.count("refused");
                    }
                }
            }
        },
    );
}
