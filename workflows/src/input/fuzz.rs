//! Random inputs against rules written down a second time, in another way, from
//! the documentation; and against the sandbox's own checks.

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
use crate::tally::fuzz;

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

#[test]
fn names_of_clusters_users_and_databases() {
    let sandbox = Sandbox::new();
    hold(
        "cluster",
        near(&["keycloak", "KeyCloak-1", "a", "a-b-c"]),
        cluster,
        |text| identifier_rule(text, 51),
        |name| {
            sandbox.takes_cluster(&[("DBClusterIdentifier", name)]);
            // It leaves room for the names of its instances.
            assert!(identifier("instance", &format!("{name}-instance-16"), 63).is_ok());
        },
    );
    // RDS API reference, `CreateDBCluster`, `MasterUsername`: 1 to 16 letters or
    // numbers, a letter first, no reserved word; underscores are PostgreSQL's.
    let word = format!("{LETTERS}{DIGITS}_");
    let reserved = [
        "rdsadmin",
        "admin",
        "public",
        "user",
        "replication",
        "all",
        "none",
        "postgres",
        "rds_superuser",
        "rdsrepladmin",
    ];
    hold(
        "username",
        near(&["keycloak", "Admin", "rds_superuser", "a_1"]),
        username,
        |text| {
            let fits = letter_first(text) && text.len() <= 16 && all(text, &word);
            let free = reserved.iter().all(|one| !text.eq_ignore_ascii_case(one));
            (fits && free).then(|| text.to_owned())
        },
        |name| sandbox.takes_cluster(&[("MasterUsername", name)]),
    );
    // PostgreSQL, "Identifiers and Key Words": 63 bytes.
    hold(
        "database",
        near(&["keycloak", "rdsadmin", "Template0", "a_1"]),
        database,
        |text| {
            let fits = letter_first(text) && text.len() <= 63 && all(text, &word);
            let free = ["rdsadmin", "template0", "template1"];
            (fits && free.iter().all(|one| !text.eq_ignore_ascii_case(one)))
                .then(|| text.to_owned())
        },
        |name| sandbox.takes_cluster(&[("DatabaseName", name)]),
    );
}

#[test]
fn passwords() {
    let sandbox = Sandbox::new();
    // RDS API reference, `CreateDBCluster`, `MasterUserPassword`: 8 to 41
    // printable ASCII characters but `/`, `"`, `@` and, as Aurora has it, space.
    let texts = prop_oneof![
        3 => "[!-~]{6,44}",
        2 => near(&["correct-horse", "longer-than-eight"]),
    ];
    let check = |text: &str| password(&Secret::new(text.to_owned())).map(|()| text.to_owned());
    hold(
        "password",
        texts,
        check,
        |text| {
            let legal = text
                .chars()
                .all(|c| ('!'..='~').contains(&c) && !"/\"@".contains(c));
            (legal && (8..=41).contains(&text.chars().count())).then(|| text.to_owned())
        },
        |text| sandbox.takes_cluster(&[("MasterUserPassword", text)]),
    );
    fuzz(
        "passwords in errors",
        500,
        &["refused"],
        "\\PC{9,60}é",
        |text, tally| {
            let error = password(&Secret::new(text.clone())).expect_err("not ASCII");
            assert!(!error.to_string().contains(&text) && !format!("{error:?}").contains(&text));
            tally.count("refused");
        },
    );
}

#[test]
fn names_of_groups() {
    let sandbox = Sandbox::new();
    // EC2 API reference, `CreateSecurityGroup`, `GroupName`: up to 255 of these,
    // not beginning with `sg-`. That spaces at the end are trimmed and that
    // `default` is there already is in the VPC User Guide.
    let legal = format!("{LETTERS}{DIGITS} ._-:/()#,@[]+=&;{{}}!$*");
    hold(
        "security-group-name",
        near(&["keycloak-security-group", "a b", "sg-1", "Default", "{x}!"]),
        security_group_name,
        |text| {
            let lower = text.to_lowercase();
            let fits = (1..256).contains(&text.len()) && all(text, &legal) && text.trim() == text;
            (fits && !lower.starts_with("sg-") && lower != "default").then(|| text.to_owned())
        },
        |name| {
            let params = [("GroupName", name), ("GroupDescription", "x")];
            let answer = sandbox.call("ec2", "CreateSecurityGroup", &params);
            assert!(answer.contains("VPCIdNotSpecified"), "{name:?}: {answer}");
        },
    );
    // RDS API reference, `CreateDBSubnetGroup`, `DBSubnetGroupName`.
    let legal = format!("{LETTERS}{DIGITS}._ -");
    hold(
        "subnet-group-name",
        near(&["keycloak-subnet-group", "A b", "default", "x_1.y"]),
        subnet_group_name,
        |text| {
            let fits =
                text.len() < 256 && letter_first(text) && all(text, &legal) && !text.ends_with(' ');
            (fits && text.to_lowercase() != "default").then(|| text.to_lowercase())
        },
        |name| {
            let params = [
                ("DBSubnetGroupName", name),
                ("DBSubnetGroupDescription", "x"),
            ];
            let answer = sandbox.call("rds", "CreateDBSubnetGroup", &params);
            assert!(answer.contains("SubnetIds"), "{name:?}: {answer}");
        },
    );
}

#[test]
fn address_ranges() {
    let sandbox = Sandbox::new();
    let number = || {
        prop_oneof![
            0..=255_u32,
            select(vec![0, 10, 16, 31, 32, 168, 172, 192, 255, 256])
        ]
    };
    let ranges = (number(), number(), number(), number(), 0..=34_u32)
        .prop_map(|(a, b, c, d, prefix)| format!("{a}.{b}.{c}.{d}/{prefix}"));
    let private = (
        select(vec!["192.168", "172.16", "172.31", "172.32", "10.200"]),
        number(),
        select(vec![0, 64, 128, 7]),
        15..=29_u32,
    )
        .prop_map(|(head, c, d, prefix)| format!("{head}.{c}.{d}/{prefix}"));
    let texts = prop_oneof![
        3 => ranges,
        5 => private,
        1 => near(&["192.168.0.0/24", "10.0.0.0/16", "172.16.0.0/16", "::/0", "010.0.0.0/16"]),
    ];
    // RFC 1918, section 3; a VPC has 16 to 28 bits (EC2 API reference,
    // `CreateVpc`), and is cut in four subnets of at least 28.
    hold(
        "vpc-cidr",
        texts,
        vpc_cidr,
        |text| {
            let (address, prefix) = text.split_once('/')?;
            let number = |text: &str| text.parse::<u32>().ok().filter(|n| n.to_string() == text);
            let parts: Vec<u32> = address.split('.').map(number).collect::<Option<_>>()?;
            let prefix = number(prefix)?;
            let [a, b, c, d] = parts[..] else { return None };
            let legal = parts.iter().all(|part| *part < 256) && (16..=26).contains(&prefix);
            let base = u64::from(a) << 24 | u64::from(b) << 16 | u64::from(c) << 8 | u64::from(d);
            let inside = a == 10 || (a == 172 && (16..32).contains(&b)) || (a == 192 && b == 168);
            (legal && inside && base.is_multiple_of(1 << (32 - prefix))).then(|| text.to_owned())
        },
        |block| {
            let made = sandbox.call("ec2", "CreateVpc", &[("CidrBlock", block)]);
            let id = made
                .split("<vpcId>")
                .nth(1)
                .unwrap_or_else(|| panic!("{block}: {made}"));
            let id = id.split('<').next().expect("an end");
            sandbox.call("ec2", "DeleteVpc", &[("VpcId", id)]);
        },
    );
}

#[test]
fn places_versions_and_classes() {
    let word = format!("{LOWER}{DIGITS}");
    let words = |text: &str, by: char| {
        text.split(by)
            .all(|part| !part.is_empty() && all(part, &word))
    };
    hold(
        "region",
        near(&["eu-west-1", "us-gov-west-1", "ap-southeast-7"]),
        region,
        |text| {
            let digit = text.chars().last().is_some_and(|c| DIGITS.contains(c));
            let fits = words(text, '-') && text.matches('-').count() >= 2 && text.len() <= 32;
            (fits && digit).then(|| text.to_owned())
        },
        |_| {},
    );
    hold(
        "instance-class",
        near(&["db.r7g.xlarge", "db.serverless", "db.t4g.medium"]),
        instance_class,
        |text| {
            let fits =
                text.starts_with("db.") && words(text, '.') && text.matches('.').count() == 2;
            (text == "db.serverless" || fits && text.len() <= 64).then(|| text.to_owned())
        },
        |_| {},
    );
    hold(
        "engine-version",
        near(&["17.5", "16", "13.15.1", "9"]),
        engine_version,
        |text| {
            let numbers = text
                .split('.')
                .all(|part| !part.is_empty() && all(part, DIGITS));
            (numbers && text.len() <= 32).then(|| text.to_owned())
        },
        |_| {},
    );
    hold(
        "engine",
        near(&["aurora-postgresql", "aurora-mysql"]),
        engine,
        |text| (text == "aurora-postgresql").then(|| text.to_owned()),
        |_| {},
    );
    let zone = near(&[
        "eu-west-1a",
        "eu-west-1b",
        "eu-west-1c",
        "eu-west-1d",
        "us-east-1a",
    ]);
    let list = prop::collection::vec(
        prop_oneof![9 => select(vec!["eu-west-1a", "eu-west-1b", "eu-west-1c"]).prop_map(str::to_owned), 1 => zone],
        0..6,
    );
    fuzz(
        "lists of zones",
        1500,
        &["accepted", "refused"],
        list,
        |list, tally| {
            let mut letters: Vec<&str> = list
                .iter()
                .filter_map(|zone| zone.strip_prefix("eu-west-1"))
                .collect();
            letters.sort_unstable();
            letters.dedup();
            let fits = letters.len() == list.len()
                && letters.iter().all(|one| one.len() == 1 && all(one, LOWER));
            let right = fits && (list.is_empty() || (2..=4).contains(&list.len()));
            match zones("eu-west-1", &list) {
                Ok(names) => {
                    assert!(right && names == list, "{list:?} is taken");
                    tally.count("accepted");
                }
                Err(error) => {
                    assert!(!right, "{list:?} is refused: {error}");
                    legible(&error, "zones", &error.value);
                    tally.count("refused");
                }
            }
        },
    );
    fuzz(
        "numbers of instances",
        500,
        &["accepted", "refused"],
        0..40_u32,
        |number, tally| {
            let taken = instances(number).is_ok();
            assert_eq!(taken, number > 0 && number < 17);
            tally.count(if taken { "accepted" } else { "refused" });
        },
    );
}

#[test]
fn further_tags() {
    let sandbox = Sandbox::new();
    let text = || {
        near(&[
            "team",
            "kosten träger",
            "a_.:/=+-@1",
            "aws:x",
            "RDS:x",
            "Name",
            "日本",
        ])
    };
    let pairs = prop::collection::vec((text(), text()), 0..4);
    fuzz(
        "tags",
        1500,
        &["accepted", "refused"],
        pairs,
        |pairs, tally| {
            match tags(&pairs) {
                Ok(tags) => {
                    // RDS API reference, `Tag`: 1 to 128 and 0 to 256 characters of
                    // letters, digits, white space and `_.:/=+-@`, no `aws:` or `rds:`.
                    assert_eq!(tags.len(), pairs.len());
                    for (key, value) in &tags {
                        assert!((1..=128).contains(&key.chars().count()), "{key}");
                        assert!(value.chars().count() <= 256, "{value}");
                        for (text, prefixes) in [(key, 3), (value, 2)] {
                            let lower = text.to_lowercase();
                            let reserved = &["aws:", "rds:", "stepwell:"][..prefixes];
                            assert!(reserved.iter().all(|one| !lower.starts_with(one)), "{text}");
                            assert!(!text.contains(char::is_control), "{text:?}");
                            let legal = |c: char| {
                                !c.is_ascii()
                                    || c == ' '
                                    || all(&c.to_string(), LETTERS)
                                    || all(&c.to_string(), DIGITS)
                                    || "_.:/=+-@".contains(c)
                            };
                            assert!(text.chars().all(legal), "{text:?}");
                        }
                        sandbox
                            .takes_cluster(&[("Tags.Tag.1.Key", key), ("Tags.Tag.1.Value", value)]);
                    }
                    tally.count("accepted");
                }
                Err(error) => {
                    legible(&error, "tag", &error.value);
                    tally.count("refused");
                }
            }
        },
    );
}

#[test]
fn names_of_kubernetes_and_postgresql() {
    let word = format!("{LOWER}{DIGITS}-");
    let ends = |text: &str| !text.starts_with('-') && !text.ends_with('-') && !text.is_empty();
    // Kubernetes, "Object Names and IDs": RFC 1123 labels and subdomains.
    let label = |text: &str| ends(text) && all(text, &word);
    hold(
        "namespace",
        near(&["runner-keycloak", "default", "a1"]),
        names::namespace,
        |text| (label(text) && text.len() <= 63).then(|| text.to_owned()),
        |_| {},
    );
    hold(
        "secret",
        near(&["keycloak-db-secret", "a.b", "x"]),
        |text| names::object("secret", text),
        |text| (text.split('.').all(label) && text.len() <= 253).then(|| text.to_owned()),
        |_| {},
    );
    for (input, check) in [
        ("context", names::context as fn(&str) -> Checked<String>),
        ("kubectl", names::kubectl),
    ] {
        hold(
            input,
            near(&["keycloak/api-example-com:6443/admin", "kubectl"]),
            check,
            |text| (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned()),
            |_| {},
        );
    }
    let legal = format!("{LETTERS}{DIGITS}._-/:@");
    hold(
        "image",
        near(&["postgres:17", "quay.io/x/y@sha256:00", "a"]),
        names::image,
        |text| {
            let first = text
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphanumeric());
            (first && text.len() < 256 && all(text, &legal)).then(|| text.to_owned())
        },
        |_| {},
    );
    // PostgreSQL, "Schemas": names that begin with `pg_` are the system's.
    let legal = format!("{LETTERS}{DIGITS}_");
    hold(
        "schema",
        near(&["public", "pg_catalog", "information_schema", "_x"]),
        names::schema,
        |text| {
            let digit = text.chars().next().is_some_and(|c| DIGITS.contains(c));
            let fits = (1..64).contains(&text.len()) && all(text, &legal) && !digit;
            let own = text.to_lowercase().starts_with("pg_") || text == "information_schema";
            (fits && !own).then(|| text.to_owned())
        },
        |_| {},
    );
}
