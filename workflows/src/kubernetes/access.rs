//! What must be there before anything is begun: a namespace that can be
//! reached, and the Secret with the password.

use serde_json::Value;
use stepwell_engine::{Clock, Fault};

use super::Place;

/// The key of the Secret that holds the password.
pub(crate) const PASSWORD: &str = "password";

/// The key of the Secret that holds the user.
const USERNAME: &str = "username";

/// Prints the names of the keys alone: what they hold does not leave `kubectl`.
const KEYS: &str = "go-template={{range $key, $value := .data}}{{$key}}{{\"\\n\"}}{{end}}";

/// Whether a fault has one of the codes.
pub(crate) fn has_code(fault: &Fault, code: &str) -> bool {
    fault.code.as_deref() == Some(code)
}

/// Reads what `kubectl` printed.
pub(crate) fn parse(what: &str, text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| {
        Fault::permanent(format!("what kubectl says of {what} can't be read"))
            .with_cause(error.to_string())
    })
}

/// The namespace exists and its server answers. Not everyone who may work in a
/// namespace may look at it, so that this is forbidden proves nothing.
pub(crate) async fn check_namespace(place: &Place, clock: &dyn Clock) -> Result<(), Fault> {
    let Some(namespace) = &place.namespace else {
        return Ok(());
    };
    match place
        .read(clock, &["get", "namespace", namespace, "--output=name"])
        .await
    {
        Err(fault) if has_code(&fault, "NotFound") => {
            Err(Fault::permanent(format!("there is no {place}"))
                .with_code("NotFound")
                .with_hint("name the namespace in which keycloak runs: --namespace"))
        }
        Err(fault) if has_code(&fault, "Forbidden") => Ok(()),
        answer => answer.map(drop),
    }
}

/// Whether a namespace is OpenShift's, which gives each of them a range of users
/// for its pods (OpenShift, "Managing security context constraints"). None if it
/// may not be looked at.
pub(crate) async fn is_openshift(place: &Place, clock: &dyn Clock) -> Result<Option<bool>, Fault> {
    let Some(namespace) = &place.namespace else {
        return Ok(None);
    };
    let words = ["get", "namespace", namespace, "--output", ANNOTATIONS];
    match place.read(clock, &words).await {
        Ok(keys) => Ok(Some(keys.lines().any(|key| key == UID_RANGE))),
        Err(fault) if has_code(&fault, "Forbidden") => Ok(None),
        Err(fault) => Err(fault),
    }
}

const ANNOTATIONS: &str =
    "go-template={{range $key, $value := .metadata.annotations}}{{$key}}{{\"\\n\"}}{{end}}";
const UID_RANGE: &str = "openshift.io/sa.scc.uid-range";

/// What a Secret holds for psql, beside the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretKeys {
    /// The key with the user, if it has one.
    pub(crate) username: Option<String>,
}

/// The Secret is there and has a password; gives what else it has.
pub(crate) async fn check_secret(
    place: &Place,
    clock: &dyn Clock,
    secret: &str,
) -> Result<SecretKeys, Fault> {
    let hint = "`stepwell keycloak env --format secret` makes it; --secret names another one";
    let keys = match place
        .read(clock, &["get", "secret", secret, "--output", KEYS])
        .await
    {
        Err(fault) if has_code(&fault, "NotFound") => {
            return Err(
                Fault::permanent(format!("there is no secret {secret} in {place}"))
                    .with_code("NotFound")
                    .with_hint(hint),
            );
        }
        answer => answer?,
    };
    if keys.lines().any(|key| key == PASSWORD) {
        let username = keys.lines().find(|key| *key == USERNAME);
        return Ok(SecretKeys {
            username: username.map(str::to_owned),
        });
    }
    let found: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
    Err(Fault::permanent(format!(
        "secret {secret} in {place} has no key {PASSWORD}, only: {}",
        found.join(", ")
    ))
    .with_code("NotFound")
    .with_hint(hint))
}
