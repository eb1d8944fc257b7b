//! Checks of what people type, before any effect. Each says which input is
//! wrong, why, and what is allowed.

#[cfg(test)]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;
mod users;

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use crate::secret::Secret;
pub(crate) use users::username;

/// An input that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input} {} {problem}; allowed: {allowed}", shown(.value))]
pub struct InvalidInput {
    /// The input's name, as the flag is called, without dashes.
    pub input: &'static str,
    /// What was given (a placeholder for secrets).
    pub value: String,
    /// What is wrong with it.
    pub problem: String,
    /// What is allowed.
    pub allowed: String,
}

/// How many characters of an input an error repeats.
const SHOWN: usize = 80;

/// An input as an error repeats it: quoted, without line breaks and whatever
/// else would act on a terminal, and of a length that leaves the error legible.
pub fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        None => format!("{value:?}"),
        Some((end, _)) => format!("{:?}", format!("{}…", &value[..end])),
    }
}

type Checked<T> = Result<T, InvalidInput>;

fn invalid<T>(input: &'static str, value: &str, problem: &str, allowed: &str) -> Checked<T> {
    Err(InvalidInput {
        input,
        value: value.to_owned(),
        problem: problem.to_owned(),
        allowed: allowed.to_owned(),
    })
}

/// An identifier as RDS takes it: 1 to `longest` letters, digits and hyphens,
/// a letter first, no hyphen at the end or twice in a row; stored in lower
/// case. (RDS API reference, `CreateDBCluster`.)
pub(crate) fn identifier(input: &'static str, value: &str, longest: usize) -> Checked<String> {
    let allowed = format!(
        "1 to {longest} letters, digits and hyphens; a letter first, no hyphen last, no two hyphens in a row"
    );
    let problem = if value.is_empty() {
        "is empty"
    } else if value.len() > longest {
        "is too long"
    } else if !value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        "holds other characters"
    } else if !value.starts_with(|first: char| first.is_ascii_alphabetic()) {
        "does not begin with a letter"
    } else if value.ends_with('-') {
        "ends with a hyphen"
    } else if value.contains("--") {
        "holds two hyphens in a row"
    } else {
        return Ok(value.to_ascii_lowercase());
    };
    invalid(input, value, problem, &allowed)
}

/// The name of a cluster that may be there already.
pub(crate) fn cluster(value: &str) -> Checked<String> {
    identifier("cluster", value, 63)
}

/// The name of a cluster that is to be made: short enough to leave room for
/// `-instance-NN` within the 63 characters of an instance's name.
pub(crate) fn new_cluster(value: &str) -> Checked<String> {
    identifier("cluster", value, 51)
}

/// A region's name by its form; whether it exists and is enabled, AWS says.
pub(crate) fn region(value: &str) -> Checked<String> {
    let parts: Vec<&str> = value.split('-').collect();
    let shaped = parts.len() >= 3
        && value.len() <= 32
        && parts.iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
        && value.ends_with(|last: char| last.is_ascii_digit());
    if shaped {
        Ok(value.to_owned())
    } else {
        invalid(
            "region",
            value,
            "is not a region's name",
            "a name such as eu-west-1",
        )
    }
}

/// How many instances: one writer and up to fifteen readers (Aurora User
/// Guide, "Amazon Aurora DB clusters").
pub(crate) fn instances(value: u32) -> Checked<u32> {
    if (1..=16).contains(&value) {
        Ok(value)
    } else {
        invalid(
            "instances",
            &value.to_string(),
            "is out of range",
            "1 to 16",
        )
    }
}

/// An instance class by its form.
pub(crate) fn instance_class(value: &str) -> Checked<String> {
    let rest = value.strip_prefix("db.").unwrap_or_default();
    let shaped = value == "db.serverless"
        || rest.split('.').count() == 2
            && value.len() <= 64
            && rest.split('.').all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
    if shaped {
        Ok(value.to_owned())
    } else {
        invalid(
            "instance-class",
            value,
            "is not an instance class",
            "a class such as db.r7g.xlarge",
        )
    }
}

/// An engine version by its form.
pub(crate) fn engine_version(value: &str) -> Checked<String> {
    let shaped = (1..=32).contains(&value.len())
        && value
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if shaped {
        Ok(value.to_owned())
    } else {
        invalid(
            "engine-version",
            value,
            "is not a version",
            "numbers with dots, such as 17.5",
        )
    }
}

/// The engine: the product is for Aurora PostgreSQL alone.
pub(crate) fn engine(value: &str) -> Checked<String> {
    if value == "aurora-postgresql" {
        Ok(value.to_owned())
    } else {
        invalid("engine", value, "is not supported", "aurora-postgresql")
    }
}

/// The zones of a region, by name, two or more different ones.
pub(crate) fn zones(region: &str, zones: &[String]) -> Checked<Vec<String>> {
    let allowed = format!("two to four different zones of {region}, such as {region}a,{region}b");
    let mut names = Vec::new();
    for zone in zones {
        let rest = zone.strip_prefix(region).unwrap_or_default();
        if rest.len() != 1 || !rest.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return invalid("zones", zone, "is not a zone of the region", &allowed);
        }
        if names.contains(zone) {
            return invalid("zones", zone, "is named twice", &allowed);
        }
        names.push(zone.clone());
    }
    if (2..=4).contains(&names.len()) || names.is_empty() {
        Ok(names)
    } else {
        invalid(
            "zones",
            &zones.join(","),
            "is not the right number",
            &allowed,
        )
    }
}

/// An address range as it is written down: `010.0.0.0/8` means 8.0.0.0 to some
/// and 10.0.0.0 to others.
pub(crate) fn block(value: &str) -> Option<Ipv4Net> {
    let block = value.parse::<Ipv4Net>().ok()?;
    (block.to_string() == value).then_some(block)
}

/// The VPC's address range: a private block that can be cut in four.
pub(crate) fn vpc_cidr(value: &str) -> Checked<Ipv4Net> {
    let allowed = "a private IPv4 block from /16 to /26, such as 192.168.7.0/24";
    let Some(block) = block(value) else {
        return invalid("vpc-cidr", value, "is not an address range", allowed);
    };
    let problem = if block.addr() != block.network() {
        "has bits set behind its prefix"
    } else if !(16..=26).contains(&block.prefix_len()) {
        "is not of a usable size"
    } else if !block.network().is_private() {
        "is not private"
    } else {
        return Ok(block);
    };
    invalid("vpc-cidr", value, problem, allowed)
}

/// The database's name. Those that every cluster has by itself, and nobody may
/// use, are refused; `postgres` may be used.
pub(crate) fn database(value: &str) -> Checked<String> {
    let allowed = "1 to 63 letters, digits and underscores, a letter first, no reserved word";
    let problem = if !(1..=63).contains(&value.len())
        || !value.starts_with(|first: char| first.is_ascii_alphabetic())
        || !word(value)
    {
        "is not a database's name"
    } else if matches!(
        value.to_ascii_lowercase().as_str(),
        "rdsadmin" | "template0" | "template1"
    ) {
        "is reserved"
    } else {
        return Ok(value.to_owned());
    };
    invalid("database", value, problem, allowed)
}

fn word(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A password as RDS takes it: 8 to 41 printable ASCII characters without
/// `/`, `"`, `@` and space. The password is never repeated in the error.
pub(crate) fn password(value: &Secret) -> Checked<()> {
    let text = value.reveal();
    let problem = if !(8..=41).contains(&text.len()) {
        "has the wrong length"
    } else if !text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'"' | b'@'))
    {
        "holds a character that is not allowed"
    } else {
        return Ok(());
    };
    invalid(
        "password",
        "(hidden)",
        problem,
        "8 to 41 printable ASCII characters without / \" @ and space",
    )
}

/// Further tags. Everything gets them, so the stricter rules count, which are
/// those of RDS (API reference, `Tag`: keys to 128, values to 256 characters,
/// letters, digits, spaces and `_.:/=+-@`, no `aws:` or `rds:` in front; 50 to a
/// resource, of which we use some ourselves).
pub(crate) fn tags(pairs: &[(String, String)]) -> Checked<BTreeMap<String, String>> {
    let allowed = "up to 40 tags; keys of 1 to 128 characters without aws:, rds: or stepwell: in front, values up to 256; letters, digits, spaces and _.:/=+-@";
    let reserved = |text: &str, prefixes: &[&str]| {
        let lower = text.to_ascii_lowercase();
        prefixes.iter().any(|prefix| lower.starts_with(prefix))
    };
    let fits = |c: char| {
        c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
    };
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        let text = format!("{key}={value}");
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return invalid("tag", &text, "has the wrong length", allowed);
        }
        if reserved(key, &["aws:", "rds:", "stepwell:"]) {
            return invalid("tag", &text, "has a reserved key", allowed);
        }
        if reserved(value, &["aws:", "rds:"]) {
            return invalid("tag", &text, "has a reserved value", allowed);
        }
        if !text.chars().all(fits) {
            return invalid("tag", &text, "holds other characters", allowed);
        }
        if key == "AuroraCluster" || key == "Name" {
            return invalid("tag", &text, "has a key that is set for you", allowed);
        }
        if tags.insert(key.clone(), value.clone()).is_some() {
            return invalid("tag", &text, "has a key that is given twice", allowed);
        }
    }
    if tags.len() > 40 {
        return invalid("tag", &tags.len().to_string(), "are too many", allowed);
    }
    Ok(tags)
}

/// The name of a security group in a VPC (EC2 API reference,
/// `CreateSecurityGroup`: up to 255 characters, not beginning with `sg-`; names
/// differ by more than case; spaces at the end are taken away, so that it would
/// not be found again). Every VPC has one named `default`, which is not to be
/// made and not ours.
pub(crate) fn security_group_name(value: &str) -> Checked<String> {
    let fits = (1..=255).contains(&value.len())
        && !value.to_ascii_lowercase().starts_with("sg-")
        && !value.starts_with(' ')
        && !value.ends_with(' ')
        && !value.eq_ignore_ascii_case("default")
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" ._-:/()#,@[]+=&;{}!$*".contains(&byte));
    if fits {
        Ok(value.to_owned())
    } else {
        invalid(
            "security-group-name",
            value,
            "is not a security group's name",
            "up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, no space first or last, not beginning with sg-, not \"default\"",
        )
    }
}

/// The name of a subnet group, stored in lower case (RDS API reference,
/// `CreateDBSubnetGroup`: up to 255 letters, digits, spaces and `._-`, a letter
/// first, not `default`). A space at the end is nobody's intention.
pub(crate) fn subnet_group_name(value: &str) -> Checked<String> {
    let fits = (1..=255).contains(&value.len())
        && value.starts_with(|first: char| first.is_ascii_alphabetic())
        && !value.ends_with(' ')
        && !value.eq_ignore_ascii_case("default")
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" ._-".contains(&byte));
    if fits {
        Ok(value.to_ascii_lowercase())
    } else {
        invalid(
            "subnet-group-name",
            value,
            "is not a subnet group's name",
            "up to 255 letters, digits, spaces and ._-, a letter first, no space last, not \"default\"",
        )
    }
}
