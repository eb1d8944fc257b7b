//! What must be there and allowed before anything is begun: a namespace that
//! can be reached, the Secret, and the rights to pods.

use serde_json::Value;
use stepwell_engine::{Clock, Fault};

use super::Place;
use super::client::POSTGRES_USER;

/// The key of the Secret that holds the password.
pub(crate) const PASSWORD: &str = "password";

/// The key of the Secret that holds the user.
const USERNAME: &str = "username";

/// Prints the names of the keys alone: what they hold does not leave `kubectl`.
const KEYS: &str = "go-template={{range $key, $value := .data}}{{$key}}{{\"\\n\"}}{{end}}";

/// The annotation of OpenShift's namespaces, which gives each of them a range of
/// users for its pods. (OpenShift, "Managing security context constraints".)
const UID_RANGE: &str = "openshift.io/sa.scc.uid-range";

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

/// A namespace as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Namespace {
    /// Its identity: another one of the same name, or of a cluster that the
    /// context leads to later, has another. None if it may not be looked at.
    pub(crate) uid: Option<String>,
    /// The user id for a pod there, which must not be root; none where the platform
    /// gives it one that is not known here.
    pub(crate) run_as: Option<u32>,
}

/// Looks at the namespace: it exists and its server answers. Not everyone who may
/// work in a namespace may look at it, so that this is forbidden proves nothing.
pub(crate) async fn namespace(place: &Place, clock: &dyn Clock) -> Result<Namespace, Fault> {
    let found = match &place.namespace {
        None => None,
        Some(namespace) => {
            let words = ["get", "namespace", namespace, "--output=json"];
            match place.read(clock, &words).await {
                Err(fault) if has_code(&fault, "NotFound") => {
                    return Err(Fault::permanent(format!("there is no {place}"))
                        .with_code("NotFound")
                        .with_hint("name the namespace in which keycloak runs: --namespace"));
                }
                Err(fault) if has_code(&fault, "Forbidden") => None,
                answer => Some(parse("the namespace", &answer?)?),
            }
        }
    };
    let Some(found) = found else {
        let openshift = is_openshift(place, clock).await?;
        return Ok(Namespace {
            uid: None,
            run_as: (!openshift).then_some(POSTGRES_USER),
        });
    };
    let metadata = &found["metadata"];
    let range = metadata["annotations"][UID_RANGE].as_str();
    Ok(Namespace {
        uid: metadata["uid"].as_str().map(str::to_owned),
        run_as: match range {
            // `1000700000/10000`, or `1000700000-1000709999`. Named, it holds for an
            // administrator's pod too, which gets no user of the range by itself.
            Some(range) => range
                .split(['/', '-'])
                .next()
                .and_then(|first| first.trim().parse().ok()),
            None => Some(POSTGRES_USER),
        },
    })
}

/// Whether the cluster is OpenShift, by the kinds of objects that it has, which
/// everyone may see.
async fn is_openshift(place: &Place, clock: &dyn Clock) -> Result<bool, Fault> {
    let versions = place.read(clock, &["api-versions"]).await?;
    Ok(versions.contains("security.openshift.io/"))
}

/// The namespace is still the one that a run began with.
pub(crate) async fn check_identity(
    place: &Place,
    clock: &dyn Clock,
    uid: Option<&str>,
) -> Result<(), Fault> {
    let Some(before) = uid else { return Ok(()) };
    match namespace(place, clock).await?.uid {
        Some(now) if now != before => Err(Fault::permanent(format!(
            "{place} is another one than this run began with"
        ))
        .with_code("AnotherNamespace")
        .with_cause(format!("its uid is {now}, and was {before}"))
        .with_hint("see where the context leads: `kubectl config view`; --anew begins anew")),
        _ => Ok(()),
    }
}

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
    let hint = "`stepwell keycloak env --format external-secret` or `--format secret` makes it; --secret names another one";
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

/// A right: the verb, the resource and a part of it.
pub(crate) type Right = (&'static str, &'static str, Option<&'static str>);

/// What whoever makes a pod, waits for it and takes it away must be allowed.
pub(crate) const PODS: [Right; 4] = [
    ("create", "pods", None),
    ("get", "pods", None),
    ("delete", "pods", None),
    ("get", "pods", Some("log")),
];

/// The user has all the rights.
pub(crate) async fn check_rights(
    place: &Place,
    clock: &dyn Clock,
    rights: &[Right],
) -> Result<(), Fault> {
    let mut lacks = Vec::new();
    for &(verb, resource, part) in rights {
        if !place.may(clock, verb, resource, part).await? {
            let part = part.map_or_else(String::new, |part| format!("/{part}"));
            lacks.push(format!("{verb} {resource}{part}"));
        }
    }
    if lacks.is_empty() {
        return Ok(());
    }
    let context = match &place.context {
        Some(context) => format!("context {context}"),
        None => "the current context".to_owned(),
    };
    Err(Fault::operator(format!(
        "the user of {context} may not {} in {place}",
        lacks.join(", ")
    ))
    .with_code("Forbidden")
    .with_hint("give it a role that allows that, or name another context with --context"))
}
