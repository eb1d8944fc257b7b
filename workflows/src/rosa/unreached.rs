//! Why a service is not reached, by the words in which Go's and Rust's
//! libraries, OCM and proxies say it. None of this is anything that a login
//! would help with.

use stepwell_engine::Fault;

/// What lies between this machine and a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A proxy that is not there, or wants a login of its own.
    Proxy,
    /// A certificate that is not trusted.
    Certificate,
    /// Somebody else answers, with a web page.
    Page,
    /// The service is there and can't answer now.
    Busy,
    /// No address for the name.
    Name,
    /// Nobody takes the connection, or keeps it.
    Refused,
    /// No answer in time.
    Silence,
}

/// The words by which an obstacle is known, the surer ones first: a proxy that
/// can't be connected to is a connection refused as well.
const WORDS: [(Obstacle, &[&str]); 7] = [
    (
        Obstacle::Proxy,
        &[
            "proxyconnect",
            "proxy authentication required",
            "proxy authorization required",
            "tunnel error",
            "socks connect",
        ],
    ),
    (
        Obstacle::Certificate,
        &[
            "x509:",
            "invalid peer certificate",
            "failed to verify certificate",
            "tls: ",
            "server gave http response to https client",
        ],
    ),
    (
        Obstacle::Page,
        &["received 'text/html'", "can't parse json response"],
    ),
    (
        Obstacle::Busy,
        &[
            "too many requests",
            "internal server error",
            "bad gateway",
            "service unavailable",
            "gateway timeout",
        ],
    ),
    (
        Obstacle::Name,
        &[
            "no such host",
            "dns error",
            "server misbehaving",
            "name resolution",
            "name or service not known",
        ],
    ),
    (
        Obstacle::Refused,
        &[
            "connection refused",
            "connection reset",
            "broken pipe",
            "no route to host",
            "network is unreachable",
            "unexpected eof",
            ": eof",
            "connection closed before message completed",
        ],
    ),
    (
        Obstacle::Silence,
        &["timeout", "timed out", "deadline exceeded"],
    ),
];

impl Obstacle {
    /// The obstacle of which a text tells, if of any.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        match status(&text) {
            Some(407) => return Some(Self::Proxy),
            Some(408 | 429 | 500..=599) => return Some(Self::Busy),
            _ => {}
        }
        WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| text.contains(word)))
            .map(|(obstacle, _)| *obstacle)
    }

    /// What it is, after "OCM gave no answer: ".
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Proxy => "the proxy does not let it through",
            Self::Certificate => "the certificate is not trusted",
            Self::Page => "a web page came in its place",
            Self::Busy => "the service has trouble of its own",
            Self::Name => "the name is not known to DNS",
            Self::Refused => "the connection is refused or cut",
            Self::Silence => "it took too long",
        }
    }

    /// What a person can do about it.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Proxy => {
                "see to HTTPS_PROXY and NO_PROXY, and to the proxy's own login (http://USER:PASSWORD@HOST:PORT)"
            }
            Self::Certificate => {
                "where a proxy opens TLS, this machine has to trust its authority (the system's store, or SSL_CERT_FILE); is the clock right?"
            }
            Self::Page => {
                "a proxy or a sign-in page answers in its place: see to HTTPS_PROXY, NO_PROXY and the network, and to OCM_URL and OCM_TOKEN_URL, where they are set"
            }
            Self::Busy => "try again later",
            Self::Name => {
                "see to the network and DNS of this machine, and to HTTPS_PROXY, where it needs a proxy"
            }
            Self::Refused | Self::Silence => {
                "see to the network, a firewall or VPN in between, and HTTPS_PROXY, where this machine needs a proxy"
            }
        }
    }

    /// That somebody was not reached because of it. A page that comes in the
    /// service's place is no matter of time.
    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        match self {
            Self::Page => Fault::permanent(message),
            _ => Fault::unreachable(message),
        }
    }
}

/// The status of an answer that a text (in small letters) tells of, in the words
/// of OCM's and AWS's libraries.
pub(super) fn status(text: &str) -> Option<u16> {
    ["status code is '", "status is ", "statuscode: "]
        .iter()
        .filter_map(|words| text.split_once(words))
        .find_map(|(_, rest)| rest.get(..3)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obstacles_are_told_apart() {
        use Obstacle::{Busy, Certificate, Name, Page, Proxy, Refused, Silence};
        for (text, expected) in [
            ("dial tcp: lookup sso.redhat.com: no such host", Some(Name)),
            ("lookup x on 10.0.0.2:53: server misbehaving", Some(Name)),
            (
                "client error (Connect): dns error: failed to lookup",
                Some(Name),
            ),
            (
                "proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused",
                Some(Proxy),
            ),
            (
                "Post \"https://x\": Proxy Authentication Required",
                Some(Proxy),
            ),
            ("tunnel error: proxy authorization required", Some(Proxy)),
            ("status is 407", Some(Proxy)),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Some(Certificate),
            ),
            ("invalid peer certificate: UnknownIssuer", Some(Certificate)),
            (
                "expected response content type 'application/json' but received 'text/html' and content 'Sign in'",
                Some(Page),
            ),
            ("token response status code is '503'", Some(Busy)),
            ("status is 502, identifier is '502': bad", Some(Busy)),
            ("status is 429", Some(Busy)),
            (
                "https response error StatusCode: 500, RequestID: 1",
                Some(Busy),
            ),
            (
                "dial tcp 10.0.0.1:443: connect: connection refused",
                Some(Refused),
            ),
            ("Post \"https://x\": EOF", Some(Refused)),
            ("dial tcp 10.0.0.1:443: i/o timeout", Some(Silence)),
            ("context deadline exceeded", Some(Silence)),
            ("status is 404, identifier is '404'", None),
            ("There is no cluster with identifier or name 'x'", None),
            ("status is ü", None),
            ("", None),
        ] {
            assert_eq!(Obstacle::of(text), expected, "{text}");
        }
    }
}
