//! What `kubectl` says of itself and of its connection, in its words.

use stepwell_engine::FaultClass;

/// What a text of `kubectl`'s means: what it holds, the class, the code.
pub(super) const TEXTS: &[(&str, FaultClass, &str)] = &[
    (
        "You must be logged in to the server",
        FaultClass::Operator,
        "Unauthorized",
    ),
    (
        "getting credentials",
        FaultClass::Operator,
        "CredentialsFailed",
    ),
    (
        "the server has asked for the client to provide credentials",
        FaultClass::Operator,
        "Unauthorized",
    ),
    ("Please enter", FaultClass::Operator, "Unauthorized"),
    (
        "context was not found",
        FaultClass::Permanent,
        "ContextNotFound",
    ),
    // `context "x" does not exist`, as newer ones say it.
    ("context \"", FaultClass::Permanent, "ContextNotFound"),
    (
        "invalid configuration",
        FaultClass::Permanent,
        "InvalidConfiguration",
    ),
    (
        "the server doesn't have a resource type",
        FaultClass::Permanent,
        NO_RESOURCE,
    ),
    (" is invalid: ", FaultClass::Permanent, "Invalid"),
    ("proxyconnect", FaultClass::Unreachable, "ProxyFailed"),
    (
        "Proxy Authentication Required",
        FaultClass::Unreachable,
        "ProxyFailed",
    ),
    ("x509:", FaultClass::Permanent, "CertificateRefused"),
    (
        "was refused - did you specify the right host or port",
        FaultClass::Unreachable,
        "ConnectionRefused",
    ),
    (
        "connection refused",
        FaultClass::Unreachable,
        "ConnectionRefused",
    ),
    ("no such host", FaultClass::Unreachable, "NoSuchHost"),
    ("server misbehaving", FaultClass::Unreachable, "NoSuchHost"),
    (
        "Unable to connect to the server",
        FaultClass::Unreachable,
        "NoConnection",
    ),
    ("i/o timeout", FaultClass::Unreachable, "Timeout"),
    ("Client.Timeout", FaultClass::Unreachable, "Timeout"),
    (
        "context deadline exceeded",
        FaultClass::Unreachable,
        "Timeout",
    ),
    ("TLS handshake timeout", FaultClass::Unreachable, "Timeout"),
    (
        "connection reset by peer",
        FaultClass::Unreachable,
        "NoConnection",
    ),
    ("broken pipe", FaultClass::Unreachable, "NoConnection"),
    (
        "client connection lost",
        FaultClass::Unreachable,
        "NoConnection",
    ),
    ("GOAWAY", FaultClass::Unreachable, "NoConnection"),
    ("unexpected EOF", FaultClass::Unreachable, "NoConnection"),
    ("stream error", FaultClass::Unreachable, "NoConnection"),
    ("etcdserver:", FaultClass::Transient, "ServiceUnavailable"),
    // A server that names no reason: a proxy's answer, or one of its own parts
    // that is away.
    (
        "rror from server:",
        FaultClass::Transient,
        "ServiceUnavailable",
    ),
];

/// The code where the server knows no such kind of object.
pub(in crate::kubernetes) const NO_RESOURCE: &str = "NoSuchResource";

/// The code where a server does not say which kinds of objects it has.
pub(super) const UNLISTED: &str = "ApiUnavailable";

/// What keeps `kubectl` from knowing the kinds of objects that are asked for here.
/// It only logs that, and goes on as if the server had none of them; groups that
/// others serve, such as `metrics.k8s.io`, are often away.
pub(super) fn unlisted(stderr: &str) -> Option<&str> {
    const OURS: [&str; 5] = [
        "v1: ",
        "apps/",
        "autoscaling/",
        "k8s.keycloak.org/",
        "keycloak.org/",
    ];
    const LOGGED: &str = "couldn't get resource list for ";
    let logged = stderr.lines().filter_map(|line| {
        let text = line.split_once(LOGGED)?.1;
        Some(text.trim_end_matches('"'))
    });
    let mut logged = logged.filter(|text| OURS.iter().any(|group| text.starts_with(group)));
    logged.next()
}

/// Whether a call that came to this was never sent.
pub(super) fn was_not_sent(code: &str) -> bool {
    matches!(
        code,
        "ConnectionRefused" | "NoSuchHost" | "ProxyFailed" | "CertificateRefused" | UNLISTED
    )
}

/// The method of the request that failed on its way: Go's HTTP client says
/// `Post "https://…": EOF`, whatever follows.
pub(super) fn sent(said: &str) -> Option<&'static str> {
    ["Get", "Post", "Put", "Patch", "Delete"]
        .into_iter()
        .find(|method| said.contains(&format!("{method} \"http")))
}

/// Whether `kubectl` itself complains, before it has asked a server.
pub(super) fn is_local(said: &str) -> bool {
    const LOCAL: &[&str] = &[
        "unknown flag",
        "unknown command",
        "unknown shorthand",
        "invalid argument",
        "no matches for kind",
        "unable to recognize",
        "error parsing",
        "error loading config",
        "must be specified",
        "no objects passed",
        "does not exist",
        "Error in configuration",
    ];
    LOCAL.iter().any(|text| said.contains(text))
}
