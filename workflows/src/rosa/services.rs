//! The OCMs that there are, and whose tokens each takes
//! (openshift-online/ocm-sdk-go, `authentication/transport_wrapper.go`;
//! openshift/rosa, `pkg/fedramp/config.go`).

use super::ocm::{OcmAccess, OcmLogin};
use super::token::{self, Token};
use crate::input::InvalidInput;

/// An OCM that people know by a name.
struct Service {
    name: &'static str,
    /// The API's address.
    api: &'static str,
    /// The realm that gives its tokens: their claim `iss`.
    realm: &'static str,
}

/// The realm of Red Hat's single sign-on, which is one for all OCMs outside of
/// the government's cloud.
const REALM: &str = "https://sso.redhat.com/auth/realms/redhat-external";

/// Where in a realm tokens are had.
const TOKENS: &str = "/protocol/openid-connect/token";

/// The client that offline tokens are given to.
const CLIENT: &str = "cloud-services";

/// The same for FedRAMP.
const FEDRAMP_CLIENT: &str = "console-dot";

/// The first one is meant where none is named.
const PUBLIC: [Service; 3] = [
    Service {
        name: "production",
        api: OcmAccess::URL,
        realm: REALM,
    },
    Service {
        name: "staging",
        api: "https://api.stage.openshift.com",
        realm: REALM,
    },
    Service {
        name: "integration",
        api: "https://api.integration.openshift.com",
        realm: REALM,
    },
];

/// Those of FedRAMP, by the same names.
const FEDRAMP: [Service; 4] = [
    Service {
        name: "production",
        api: "https://api.openshiftusgov.com",
        realm: "https://sso.openshiftusgov.com/realms/redhat-external",
    },
    Service {
        name: "staging",
        api: "https://api.stage.openshiftusgov.com",
        realm: "https://sso.stage.openshiftusgov.com/realms/redhat-external",
    },
    Service {
        name: "integration",
        api: "https://api.int.openshiftusgov.com",
        realm: "https://sso.int.openshiftusgov.com/realms/redhat-external",
    },
    Service {
        name: "staging01",
        api: "https://api01.stage.openshiftusgov.com",
        realm: "https://sso01.stage.openshiftusgov.com/realms/redhat-external",
    },
];

impl OcmAccess {
    /// The names of OCMs that stand for an address.
    pub const NAMES: [&str; 3] = ["production", "staging", "integration"];

    /// OCM and its token service: those that are named (by an address; OCM also
    /// by one of [`Self::NAMES`]), else those that the token is of. A token goes
    /// to no service that is neither named nor Red Hat's, whatever it says.
    pub fn of(
        login: OcmLogin,
        url: Option<String>,
        token_url: Option<String>,
    ) -> Result<Self, InvalidInput> {
        let token = login.token().transpose()?;
        let giver = token.as_ref().and_then(giver);
        let asked = url.as_deref().unwrap_or_default();
        let service = FEDRAMP
            .iter()
            .find(|one| asked == one.api || (giver.is_some() && asked == one.name))
            .or(giver)
            .or_else(|| PUBLIC.iter().find(|one| asked == one.name))
            .unwrap_or(&PUBLIC[0]);
        let issuer = token.as_ref().and_then(|token| token.issuer.as_deref());
        let realm = FEDRAMP
            .iter()
            .chain(&PUBLIC)
            .map(|one| one.realm)
            .find(|realm| issuer == Some(*realm))
            .unwrap_or(service.realm);
        let url = url.filter(|url| !Self::NAMES.contains(&url.as_str()));
        Ok(Self {
            url: url.unwrap_or_else(|| service.api.to_owned()),
            token_url: token_url.unwrap_or_else(|| format!("{realm}{TOKENS}")),
            login,
        })
    }

    /// As which client a token is exchanged: the one that is named, else the one
    /// that it was given to, else the one that offline tokens are given to.
    pub(super) fn client_of<'a>(&'a self, token: &'a Token, named: Option<&'a str>) -> &'a str {
        named
            .or(token.client.as_deref())
            .unwrap_or_else(|| match giver(token) {
                Some(_) => FEDRAMP_CLIENT,
                None => CLIENT,
            })
    }
}

/// The FedRAMP service that gave a token. Only its tokens are encrypted (rosa,
/// `cmd/login`); of which service, such a one does not tell.
fn giver(token: &Token) -> Option<&'static Service> {
    if token.encrypted {
        return FEDRAMP.first();
    }
    let realm = token.issuer.as_deref()?;
    FEDRAMP.iter().find(|service| service.realm == realm)
}

impl OcmLogin {
    /// What the token tells of itself, if it is one.
    pub(super) fn token(&self) -> Option<Result<Token, InvalidInput>> {
        match self {
            Self::Token { token, .. } => Some(token::read(token)),
            Self::Client { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn login(claims: &str) -> OcmLogin {
        let payload = aws_smithy_types::base64::encode(claims).replace('=', "");
        OcmLogin::Token {
            token: Secret::new(format!("e30.{payload}.x")),
            client: None,
        }
    }

    /// API, token service and client.
    fn asked(login: OcmLogin, url: Option<&str>) -> (String, String, String) {
        let token = login.token().map(|token| token.expect("a token"));
        let access = OcmAccess::of(login, url.map(str::to_owned), None).expect("valid");
        let client = token.map(|token| access.client_of(&token, None).to_owned());
        let host = |url: &str| url.split('/').nth(2).unwrap_or_default().to_owned();
        assert!(
            access
                .token_url
                .ends_with("/redhat-external/protocol/openid-connect/token")
        );
        (
            host(&access.url),
            host(&access.token_url),
            client.unwrap_or_default(),
        )
    }

    #[track_caller]
    fn is(found: (String, String, String), api: &str, tokens: &str, client: &str) {
        assert_eq!((&*found.0, &*found.1, &*found.2), (api, tokens, client));
    }

    #[test]
    fn a_token_is_taken_where_it_was_given() {
        let red = |client: &str| {
            login(&format!(
                r#"{{"typ":"Refresh","azp":"{client}","iss":"{REALM}"}}"#
            ))
        };
        let (api, sso) = ("api.openshift.com", "sso.redhat.com");
        is(asked(red("ocm-cli"), None), api, sso, "ocm-cli");
        is(asked(login(r#"{"typ":"Offline"}"#), None), api, sso, CLIENT);
        // Whatever a token says, it goes to no stranger.
        let stranger = r#"{"typ":"Offline","iss":"https://evil.example/realms/redhat-external"}"#;
        is(asked(login(stranger), None), api, sso, CLIENT);
        let staging = asked(red("ocm-cli"), Some("staging"));
        is(staging, "api.stage.openshift.com", sso, "ocm-cli");
        let local = asked(red("ocm-cli"), Some("http://127.0.0.1:8"));
        is(local, "127.0.0.1:8", sso, "ocm-cli");
    }

    #[test]
    fn fedramp_has_services_of_its_own() {
        let of =
            |service: &Service| login(&format!(r#"{{"typ":"Offline","iss":"{}"}}"#, service.realm));
        let (api, sso) = ("api.openshiftusgov.com", "sso.openshiftusgov.com");
        is(asked(of(&FEDRAMP[0]), None), api, sso, FEDRAMP_CLIENT);
        let (api01, sso01) = (
            "api01.stage.openshiftusgov.com",
            "sso01.stage.openshiftusgov.com",
        );
        is(asked(of(&FEDRAMP[3]), None), api01, sso01, FEDRAMP_CLIENT);
        let encrypted = || OcmLogin::Token {
            // {"enc":"x"}
            token: Secret::new("eyJlbmMiOiJ4In0.b.c.d.e".to_owned()),
            client: None,
        };
        is(asked(encrypted(), None), api, sso, FEDRAMP_CLIENT);
        let (api, sso) = ("api.int.openshiftusgov.com", "sso.int.openshiftusgov.com");
        let found = asked(encrypted(), Some("integration"));
        is(found, api, sso, FEDRAMP_CLIENT);
        // A service account does not say whose it is; the address does.
        let robot = OcmLogin::Client {
            id: "robot".to_owned(),
            secret: Secret::new("x".to_owned()),
        };
        is(asked(robot.clone(), Some(FEDRAMP[2].api)), api, sso, "");
        is(
            asked(robot, None),
            "api.openshift.com",
            "sso.redhat.com",
            "",
        );
    }
}
