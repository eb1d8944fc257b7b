//! Checks of what people type about Kubernetes, before any effect.

use super::Resources;
use crate::input::InvalidInput;

type Checked<T> = Result<T, InvalidInput>;

fn invalid<T>(input: &'static str, value: &str, problem: &str, allowed: &str) -> Checked<T> {
    Err(InvalidInput {
        input,
        value: value.to_owned(),
        problem: problem.to_owned(),
        allowed: allowed.to_owned(),
    })
}

fn is_label(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A namespace: a DNS label. (Kubernetes, "Object Names and IDs".)
pub(crate) fn namespace(value: &str) -> Checked<String> {
    if is_label(value, 63) {
        return Ok(value.to_owned());
    }
    invalid(
        "namespace",
        value,
        "is not a namespace's name",
        "1 to 63 lower-case letters, digits and hyphens, no hyphen first or last",
    )
}

/// The name of an object: a DNS subdomain. (Kubernetes, "Object Names and IDs".)
pub(crate) fn object(input: &'static str, value: &str) -> Checked<String> {
    if value.len() <= 253 && value.split('.').all(|part| is_label(part, 253)) {
        return Ok(value.to_owned());
    }
    invalid(
        input,
        value,
        "is not the name of an object of kubernetes",
        "1 to 253 lower-case letters, digits, hyphens and dots, a letter or digit first and last",
    )
}

/// A context of `kubectl`'s configuration, which takes nearly anything:
/// OpenShift's are called `keycloak/api-example-com:6443/admin`.
pub(crate) fn context(value: &str) -> Checked<String> {
    if !value.is_empty() && !value.chars().any(char::is_control) {
        return Ok(value.to_owned());
    }
    invalid(
        "context",
        value,
        "is not a context's name",
        "a name of `kubectl config get-contexts`",
    )
}

/// The contexts of all data centres, each once.
pub(crate) fn contexts(values: &[String]) -> Checked<Vec<String>> {
    let allowed = "the context of every data centre, each once";
    let mut names = Vec::new();
    for value in values {
        let name = context(value)?;
        if names.contains(&name) {
            return invalid("context", value, "is named twice", allowed);
        }
        names.push(name);
    }
    if names.is_empty() {
        return invalid("context", "", "is not named", allowed);
    }
    Ok(names)
}

/// An image with its tag or digest.
pub(crate) fn image(value: &str) -> Checked<String> {
    let fits = (1..=255).contains(&value.len())
        && value.starts_with(|first: char| first.is_ascii_alphanumeric())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte));
    if fits {
        return Ok(value.to_owned());
    }
    invalid(
        "image",
        value,
        "is not an image's name",
        "an image that has psql, such as postgres:17",
    )
}

/// A quantity of Kubernetes: `250m` of a processor, `256Mi` of memory.
/// (Kubernetes API reference, "Quantity".)
fn quantity(input: &'static str, value: &str, allowed: &'static str) -> Checked<String> {
    let digits = value
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let units: &[&str] = match input {
        "cpu" => &["", "m"],
        _ => &["", "k", "M", "G", "Ki", "Mi", "Gi"],
    };
    let fits = number.parse::<f64>().is_ok_and(|number| number > 0.0)
        && number.len() <= 12
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.ends_with(|c: char| c.is_ascii_digit())
        && units.contains(&unit);
    if fits {
        return Ok(value.to_owned());
    }
    invalid(input, value, "is not a quantity above nothing", allowed)
}

/// What a container asks for and may use.
pub(crate) fn resources(cpu: Option<&str>, memory: Option<&str>) -> Checked<Resources> {
    let little = Resources::default();
    let checked = |input, given: Option<&str>, default, allowed| match given {
        Some(value) => quantity(input, value, allowed),
        None => Ok(default),
    };
    Ok(Resources {
        cpu: checked(
            "cpu",
            cpu,
            little.cpu,
            "a number of processors, such as 250m or 1",
        )?,
        memory: checked("memory", memory, little.memory, "such as 256Mi or 1Gi")?,
    })
}

/// A schema of PostgreSQL's: one that its owner may drop.
pub(crate) fn schema(value: &str) -> Checked<String> {
    let allowed =
        "1 to 63 letters, digits and underscores, no digit first, none of PostgreSQL's own";
    let problem = if !(1..=63).contains(&value.len()) {
        "has the wrong length"
    } else if !value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        "holds other characters"
    } else if value.starts_with(|first: char| first.is_ascii_digit()) {
        "begins with a digit"
    } else if value.to_ascii_lowercase().starts_with("pg_") || value == "information_schema" {
        "is PostgreSQL's own"
    } else {
        return Ok(value.to_owned());
    };
    invalid("schema", value, problem, allowed)
}

/// The program.
pub(crate) fn kubectl(value: &str) -> Checked<String> {
    if !value.is_empty() && !value.chars().any(char::is_control) {
        return Ok(value.to_owned());
    }
    invalid(
        "kubectl",
        value,
        "is not a program",
        "a name such as kubectl or oc, or a path",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kubernetes() {
        assert!(namespace("runner-keycloak").is_ok());
        for bad in ["", "Keycloak", "-a", "a-", "a.b", "a b", &"x".repeat(64)] {
            assert!(namespace(bad).is_err(), "{bad:?} is taken");
        }
        assert!(object("secret", "keycloak.db-secret").is_ok());
        for bad in ["", "a/b", ".a", "a..b", "A"] {
            assert!(object("secret", bad).is_err(), "{bad:?} is taken");
        }
        assert!(context("keycloak/api-example-com:6443/admin").is_ok());
        assert!(context("").is_err());
        let both = ["a", "b"].map(str::to_owned);
        assert_eq!(contexts(&both).unwrap(), both);
        assert!(contexts(&["a", "a"].map(str::to_owned)).is_err());
        assert!(contexts(&[]).is_err());
    }

    #[test]
    fn quantities_of_kubernetes() {
        assert_eq!(resources(None, None).unwrap(), Resources::default());
        for (cpu, memory) in [("250m", "256Mi"), ("1", "1Gi"), ("0.5", "134217728")] {
            assert!(resources(Some(cpu), Some(memory)).is_ok(), "{cpu} {memory}");
        }
        for bad in ["", "0", "m", "-1", "1Mi", "1.", ".5", "1e3", "x", "1 "] {
            assert!(resources(Some(bad), None).is_err(), "{bad:?} is taken");
        }
        for bad in ["", "0", "10m", "1X", "Mi", "1 Gi"] {
            assert!(resources(None, Some(bad)).is_err(), "{bad:?} is taken");
        }
    }

    #[test]
    fn images_and_schemas() {
        assert!(image("quay.io:443/x/postgres@sha256:00ff").is_ok());
        for bad in ["", "-i", "a b", "a;b"] {
            assert!(image(bad).is_err(), "{bad:?} is taken");
        }
        assert!(schema("public").is_ok());
        assert!(schema("_Own1").is_ok());
        for bad in ["", "1a", "a\"b", "a'b", "pg_catalog", "information_schema"] {
            assert!(schema(bad).is_err(), "{bad:?} is taken");
        }
    }
}
