//! Random inputs against rules written down a second time, in another way, from
//! the documentation; and against the sandbox's own checks.

mod identifiers;
mod places;

use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use stepwell_sandbox::{Account, Options, Reply, Time};

use super::*;
use crate::kubernetes::names;
use stepwell_testkit::fuzz;

/// A text that is nearly, or just, what it should be.
pub(crate) fn near(valid: &'static [&'static str]) -> impl Strategy<Value = String> {
    let change = (any::<Index>(), 0..5_u8, odd()).prop_map(|(at, how, c)| (at, how, c));
    let mutated =
        (select(valid), prop::collection::vec(change, 1..3)).prop_map(|(text, changes)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (at, how, c) in changes {
                let at = at.index(chars.len() + 1);
                match how {
                    0 => chars.insert(at, c),
                    1 if at < chars.len() => drop(chars.remove(at)),
                    2 if at < chars.len() => chars[at] = c,
                    3 if at < chars.len() => chars[at] = chars[at].to_ascii_uppercase(),
                    _ => chars.push(c),
                }
            }
            chars.into_iter().collect()
        });
    let long = (select(valid), "[a-z0-9]", 0..300_usize)
        .prop_map(|(text, c, n)| format!("{text}{}", c.repeat(n)));
    prop_oneof![
        4 => select(valid).prop_map(str::to_owned),
        10 => mutated,
        4 => long,
        3 => "[a-z][a-z0-9-]{0,70}",
        1 => "\\PC{0,40}",
        1 => any::<String>(),
        1 => Just(String::new()),
    ]
}

fn odd() -> impl Strategy<Value = char> {
    prop_oneof![
        3 => select(vec!['-', '.', '_', '/', ':', ' ', '0', '9', 'a', 'Z', '\'', '"', '=', '@']),
        1 => select(vec!['\0', '\n', '\u{1b}', '\u{7f}', '\u{202e}', 'é', 'K', '١', '　', '\u{feff}']),
        1 => any::<char>(),
    ]
}

/// What a check may be asked: the same answer as the rule, the same value when
/// asked again, and an error that a person can act on.
#[track_caller]
pub(crate) fn hold<T: ToString>(
    input: &'static str,
    texts: impl Strategy<Value = String>,
    check: impl Fn(&str) -> Result<T, InvalidInput>,
    rule: impl Fn(&str) -> Option<String>,
    accepted: impl Fn(&str),
) {
    fuzz(
        &format!("inputs for {input}"),
        1500,
        &["accepted", "refused"],
        texts,
        |text, tally| match check(&text) {
            Ok(value) => {
                let value = value.to_string();
                assert_eq!(rule(&text).as_ref(), Some(&value), "{text:?} is taken");
                let again = check(&value).expect("its own value").to_string();
                assert_eq!(again, value);
                accepted(&value);
                tally.count("accepted");
            }
            Err(error) => {
                assert_eq!(rule(&text), None, "{text:?} is refused: {error}");
                legible(&error, input, &text);
                tally.count("refused");
            }
        },
    );
}

/// An error names the input, the value and what is allowed, in one short line.
#[track_caller]
pub(crate) fn legible(error: &InvalidInput, input: &str, text: &str) {
    let message = error.to_string();
    assert_eq!(error.input, input);
    assert!(message.starts_with(input), "{message}");
    assert!(
        !error.problem.is_empty() && !error.allowed.is_empty(),
        "{message}"
    );
    assert!(message.chars().count() < 500, "{message}");
    assert!(!message.contains(char::is_control), "{message:?}");
    let beginning: String = text.chars().take(20).collect();
    let shown = format!("{beginning:?}");
    let hidden = error.value == "(hidden)";
    assert!(
        hidden || message.contains(shown.trim_matches('"')),
        "{text:?} in {message}"
    );
}

fn all(text: &str, allowed: &str) -> bool {
    text.chars().all(|c| allowed.contains(c))
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

fn letter_first(text: &str) -> bool {
    text.chars().next().is_some_and(|c| LETTERS.contains(c))
}

/// RDS API reference, `CreateDBCluster`, `DBClusterIdentifier`: letters, numbers
/// and hyphens, a letter first, no hyphen last and no two in a row; stored as a
/// lowercase string.
fn identifier_rule(text: &str, longest: usize) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| {
        !part.is_empty() && all(part, LETTERS) | all(part, &format!("{LETTERS}{DIGITS}"))
    };
    (letter_first(text) && text.len() <= longest && parts.iter().all(word))
        .then(|| text.to_lowercase())
}

/// Time that stands still.
struct Still;

impl Time for Still {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ready(()))
    }
}

/// The code with which the sandbox refuses a call.
struct Sandbox(Account);

impl Sandbox {
    fn new() -> Self {
        let mut options = Options::new(Arc::new(Still));
        options.consistency_window = Duration::ZERO;
        Self(Account::in_memory(options))
    }

    fn call(&self, service: &str, action: &str, params: &[(&str, &str)]) -> String {
        let mut form = format!("Action={action}");
        for (name, value) in params {
            let value: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            form.push_str(&format!("&{name}={value}"));
        }
        let credential = format!("Credential=x/1/eu-west-1/{service}/aws4_request");
        let request = http::Request::post("/").header("authorization", credential);
        let request = request.body(form.into()).expect("a request");
        let mut answer = pin!(self.0.handle(request));
        let Poll::Ready(Reply::Response(response)) = answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("no answer");
        };
        String::from_utf8_lossy(response.body()).into_owned()
    }

    /// A create that lacks nothing but a subnet group: all else is in order.
    #[track_caller]
    fn takes_cluster(&self, changed: &[(&str, &str)]) {
        let mut params = vec![
            ("DBClusterIdentifier", "db"),
            ("Engine", "aurora-postgresql"),
            ("MasterUsername", "keycloak"),
            ("MasterUserPassword", "correct-horse"),
            ("DatabaseName", "keycloak"),
        ];
        params.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
        params.extend(changed);
        let answer = self.call("rds", "CreateDBCluster", &params);
        assert!(
            answer.contains("DBSubnetGroupNotFoundFault"),
            "{changed:?}: {answer}"
        );
    }
}
