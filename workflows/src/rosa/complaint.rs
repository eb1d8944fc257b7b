//! What it means that the `rosa` command says no (openshift/rosa,
//! `pkg/ocm/client.go`, `pkg/rosa/runtime.go`).

use stepwell_engine::Fault;

use super::said::Complaint;
use super::unreached::{Obstacle, status};
use crate::SurveyError;
use crate::child::Ended;
use crate::input::InvalidInput;

/// What helps where the command does not.
pub(super) const WITHOUT: &str = "or name its network with --rosa-vpc, which does without; or ask OCM directly, with a service account in OCM_CLIENT_ID and OCM_CLIENT_SECRET";

/// Parts of what it says without a login, with one that has ended, or with one
/// that is refused. That no token was had is no such part: it is said of a
/// network that is not there, too.
const NOT_LOGGED_IN: [&str; 8] = [
    "not logged in",
    "the 'rosa login' command",
    "login again",
    "authorization token needs",
    "invalid_grant",
    "invalid_client",
    "unauthorized_client",
    "tokens are unavailable or expired",
];

/// Parts of what it says where AWS's credentials are at fault, whatever else
/// it says: an instance that has none is found out by a service that is silent.
const NO_CREDENTIALS: [&str; 7] = [
    "expiredtoken",
    "invalidclienttokenid",
    "security token",
    "nocredentialproviders",
    "no ec2 imds role found",
    "failed to get shared config profile",
    "invalid aws credentials",
];

/// Parts of what it says where they may be, if nothing is in the way.
const NO_AWS: [&str; 4] = [
    "failed to create aws client",
    "failed to get aws creator",
    "failed to get credentials",
    "failed to refresh cached credentials",
];

/// What a complaint means. `what` was asked of it, about the cluster of this
/// name.
pub(super) fn meaning(what: &str, name: Option<&str>, ended: &Ended) -> SurveyError {
    let complaint = Complaint::of(&ended.stderr);
    let (whole, said) = (complaint.whole(), complaint.shown());
    let has = |words: &[&str]| words.iter().any(|word| whole.contains(word));
    if let Some(name) = name {
        if has(&["there is no cluster with"]) {
            return InvalidInput {
                input: "rosa-cluster",
                value: name.to_owned(),
                problem: "is no cluster that rosa knows in this AWS account".to_owned(),
                allowed:
                    "a name that `rosa list clusters` shows; for another account, --rosa-profile"
                        .to_owned(),
            }
            .into();
        }
        if has(&["clusters with identifier or name"]) {
            return SurveyError::Refused {
                message: format!("rosa knows several clusters {name:?}: {said}"),
                hint: "give the id that `rosa list clusters` shows in place of the name".to_owned(),
            };
        }
    }
    if has(&NOT_LOGGED_IN) || status(&whole) == Some(401) {
        return Fault::operator("rosa is not logged in to Red Hat")
            .with_cause(said)
            .with_hint(format!("run `rosa login`; {WITHOUT}"))
            .into();
    }
    if has(&NO_CREDENTIALS) {
        return no_credentials(said).into();
    }
    if let Some(obstacle) = Obstacle::of(&whole) {
        return obstacle
            .fault(format!("rosa got no answer: {}", obstacle.what()))
            .with_cause(said)
            .with_hint(format!("{}; {WITHOUT}", obstacle.hint()))
            .into();
    }
    if has(&NO_AWS) {
        return no_credentials(said).into();
    }
    if has(&["not able to get authentication token"]) {
        return Fault::unreachable("rosa got no token of Red Hat's single sign-on")
            .with_cause(said)
            .with_hint(format!(
                "is the network there, and a proxy set where one is needed? {WITHOUT}"
            ))
            .into();
    }
    if status(&whole) == Some(403) {
        return Fault::operator("OCM does not allow rosa's login to do this")
            .with_cause(said)
            .with_hint(format!("log in as somebody who may; {WITHOUT}"))
            .into();
    }
    if has(&["aws region not set", "region is not set"]) {
        return Fault::permanent("rosa lacks an AWS region")
            .with_cause(said)
            .with_hint("give one with --rosa-region or AWS_REGION")
            .into();
    }
    let how = match ended.status.code() {
        Some(code) => format!("rosa {what} failed with exit code {code}"),
        None => format!("rosa {what} was killed"),
    };
    let by_hand = match name {
        Some(name) => format!("rosa {what} -c {name}"),
        None => format!("rosa {what}"),
    };
    Fault::permanent(how)
        .with_cause(said)
        .with_hint(format!("try `{by_hand}`; {WITHOUT}"))
        .into()
}

fn no_credentials(said: String) -> Fault {
    Fault::operator("rosa lacks AWS credentials")
        .with_cause(said)
        .with_hint("renew the AWS credentials (for example `aws sso login`); rosa uses them too")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use stepwell_engine::FaultClass::{self, Operator, Permanent, Unreachable};

    use super::*;

    fn told(stderr: &str) -> (FaultClass, String) {
        let ended = Ended {
            status: ExitStatus::from_raw(256),
            stdout: Vec::new(),
            stderr: stderr.as_bytes().to_vec(),
        };
        match meaning("describe cluster", Some("r1"), &ended) {
            SurveyError::Fault(fault) => {
                let hint = fault.hint.clone().expect("a hint");
                (fault.class, format!("{fault}; hint: {hint}"))
            }
            other => panic!("no fault: {other:?}"),
        }
    }

    /// Only a login that is missing or refused is helped by logging in.
    #[test]
    fn no_network_is_not_no_login() {
        const NO_TOKEN: &str = "ERR: Failed to create OCM connection: error creating connection. Not able to get authentication token: can't get access token: ";
        let sso = "Post \"https://sso.redhat.com/token\": ";
        for (reason, class, words) in [
            (format!("can't send request: {sso}dial tcp: lookup sso.redhat.com: no such host"), Unreachable, "DNS"),
            (format!("{sso}proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused"), Unreachable, "NO_PROXY"),
            (format!("{sso}Proxy Authentication Required"), Unreachable, "the proxy's own login"),
            (format!("{sso}tls: failed to verify certificate: x509: certificate signed by unknown authority"), Unreachable, "SSL_CERT_FILE"),
            ("token response status code is '503'".to_owned(), Unreachable, "try again later"),
            (format!("{sso}context deadline exceeded"), Unreachable, "firewall"),
            ("something new".to_owned(), Unreachable, "is the network there"),
            ("expected response content type 'application/json' but received 'text/html' and content 'Sign in'".to_owned(), Permanent, "sign-in page"),
            ("invalid_grant: Offline user session not found".to_owned(), Operator, "run `rosa login`"),
            ("unauthorized_client: Client not allowed".to_owned(), Operator, "run `rosa login`"),
            ("access and refresh tokens are unavailable or expired, and there are no password or client secret to request new ones".to_owned(), Operator, "run `rosa login`"),
        ] {
            let (told, text) = told(&format!("{NO_TOKEN}{reason}\n"));
            assert_eq!(told, class, "{text}");
            assert!(text.contains(words), "{text}");
            assert_eq!(text.contains("rosa login"), class == Operator, "{text}");
        }
        let (class, text) = told(
            "ERR: Failed to create OCM connection: your authorization token needs to be updated. Please login again using rosa login",
        );
        assert_eq!(class, Operator, "{text}");
    }

    #[test]
    fn what_ocm_refuses_is_told_by_its_status() {
        let of = |status: u16| {
            told(&format!(
                "ERR: Failed to get cluster 'r1': status is {status}, identifier is '{status}', code is 'CLUSTERS-MGMT-{status}': no\n"
            ))
        };
        for (status, class, words) in [
            (401, Operator, "run `rosa login`"),
            (403, Operator, "somebody who may"),
            (429, Unreachable, "try again later"),
            (502, Unreachable, "try again later"),
            (400, Permanent, "try `rosa describe cluster -c r1`"),
        ] {
            let (told, text) = of(status);
            assert_eq!(told, class, "{text}");
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn credentials_of_aws_are_told_from_its_network() {
        for (text, class, words) in [
            (
                "ERR: Failed to create AWS client: ExpiredToken: it is over",
                Operator,
                "AWS credentials",
            ),
            (
                "ERR: Failed to create AWS client: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, dial tcp 169.254.169.254:80: i/o timeout",
                Operator,
                "AWS credentials",
            ),
            (
                "ERR: Failed to get AWS creator: operation error STS: GetCallerIdentity, https response error StatusCode: 0, RequestID: , request send failed, Post \"https://sts.us-east-1.amazonaws.com/\": dial tcp: lookup sts.us-east-1.amazonaws.com: no such host",
                Unreachable,
                "DNS",
            ),
            ("ERR: AWS region not set", Permanent, "--rosa-region"),
        ] {
            let (told, said) = told(text);
            assert_eq!(told, class, "{said}");
            assert!(said.contains(words), "{said}");
        }
    }
}
