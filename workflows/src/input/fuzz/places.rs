//! Address ranges, places, versions, numbers and tags.

use super::*;

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
