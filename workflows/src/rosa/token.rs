//! What a token of OCM tells of itself: its kind, whose it is and who gave it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::input::InvalidInput;
use crate::secret::Secret;

/// What a token of OCM is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shown with each request, for some minutes.
    Access,
    /// Exchanged for an access token.
    Refresh,
}

/// What is known of a token. None of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is good for.
    pub(super) kind: Kind,
    /// The client that it was given to, which alone can exchange it.
    pub(super) client: Option<String>,
    /// The realm that gave it.
    pub(super) issuer: Option<String>,
    /// Whether it is encrypted, so that nothing is known of it.
    pub(super) encrypted: bool,
}

/// The part of a JSON Web Token that counts.
#[derive(Deserialize)]
struct Claims {
    token_use: Option<Value>,
    typ: Option<Value>,
    azp: Option<Value>,
    iss: Option<Value>,
}

/// The head of an encrypted one (RFC 7516, section 4).
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "enc")]
    _enc: IgnoredAny,
}

/// Reads a token as the `ocm` and `rosa` commands do. Its kind is told by the
/// claim `token_use` or `typ` of a JSON Web Token, where none is the same as
/// `Bearer`. A token in five parts is encrypted; its claims can't be read, and
/// it is one to refresh.
pub(super) fn read(token: &Secret) -> Result<Token, InvalidInput> {
    let invalid = |problem: &str| InvalidInput {
        input: "ocm-token",
        value: "(hidden)".to_owned(),
        problem: problem.to_owned(),
        allowed: "an offline, refresh or access token of OpenShift Cluster Manager".to_owned(),
    };
    let no_token = || invalid("is not a JSON Web Token");
    let text = token.reveal();
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("holds a character that no token has"));
    }
    let parts: Vec<&str> = text.split('.').collect();
    let payload = match parts.as_slice() {
        [_, payload, _] => payload,
        [head, _, _, _, _] => {
            json::<Head>(head).ok_or_else(no_token)?;
            return Ok(Token {
                kind: Kind::Refresh,
                client: None,
                issuer: None,
                encrypted: true,
            });
        }
        _ => return Err(no_token()),
    };
    let claims: Claims = json(payload).ok_or_else(no_token)?;
    let kind = match claims.token_use.or(claims.typ) {
        None => String::new(),
        Some(Value::String(kind)) => kind.to_ascii_lowercase(),
        Some(_) => return Err(no_token()),
    };
    Ok(Token {
        kind: match kind.as_str() {
            "" | "bearer" | "access" => Kind::Access,
            "refresh" | "offline" => Kind::Refresh,
            _ => return Err(invalid("is a token of another kind")),
        },
        client: word(claims.azp),
        issuer: word(claims.iss),
        encrypted: false,
    })
}

/// A claim that is a name or an address.
fn word(claim: Option<Value>) -> Option<String> {
    match claim {
        Some(Value::String(text))
            if (1..=200).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Some(text)
        }
        _ => None,
    }
}

/// A part of a token, which is an object.
fn json<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    let object: serde_json::Map<String, Value> = serde_json::from_slice(&base64url(part)?).ok()?;
    T::deserialize(Value::Object(object)).ok()
}

/// Base64 in the alphabet for addresses, without padding (RFC 7515, section 2).
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut usual: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    while !usual.len().is_multiple_of(4) {
        usual.push('=');
    }
    aws_smithy_types::base64::decode(usual).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(claims: &str) -> String {
        aws_smithy_types::base64::encode(claims)
            .replace('+', "-")
            .replace('/', "_")
            .replace('=', "")
    }

    fn token(claims: &str) -> Secret {
        Secret::new(format!("eyJhbGciOiJub25lIn0.{}.c2lnbmVk", part(claims)))
    }

    #[test]
    fn the_type_claim_decides() {
        for (claims, expected) in [
            (r#"{"typ":"Bearer"}"#, Kind::Access),
            (r#"{"typ":"access","azp":"ü?>"}"#, Kind::Access),
            (r#"{"sub":"somebody"}"#, Kind::Access),
            (r#"{"typ":"Offline","x":"1"}"#, Kind::Refresh),
            (r#"{"typ":"Refresh","exp":0}"#, Kind::Refresh),
            (r#"{"token_use":"access","typ":"JWT"}"#, Kind::Access),
        ] {
            assert_eq!(read(&token(claims)).unwrap().kind, expected, "{claims}");
        }
    }

    #[test]
    fn a_token_tells_whose_it_is() {
        let claims =
            r#"{"typ":"Refresh","azp":"ocm-cli","iss":"https://sso.example.com/realms/x"}"#;
        let read = |claims| read(&token(claims)).unwrap();
        let known = read(claims);
        assert_eq!(known.client.as_deref(), Some("ocm-cli"));
        assert_eq!(
            known.issuer.as_deref(),
            Some("https://sso.example.com/realms/x")
        );
        let long = format!(r#"{{"typ":"Refresh","azp":"{}"}}"#, "x".repeat(201));
        for odd in [
            r#"{"typ":"Refresh","azp":7,"iss":["x"]}"#,
            r#"{"typ":"Refresh","azp":"","iss":"a b"}"#,
            &long,
        ] {
            let known = read(odd);
            assert_eq!((known.client, known.issuer), (None, None), "{odd}");
        }
    }

    #[test]
    fn an_encrypted_token_is_one_to_refresh() {
        let of = |head: &str| Secret::new(format!("{}.b.c.d.e", part(head)));
        let known = read(&of(r#"{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}"#)).unwrap();
        assert_eq!((known.kind, known.encrypted), (Kind::Refresh, true));
        assert!(read(&of(r#"{"alg":"none"}"#)).is_err());
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for wrong in [
            Secret::new("geheim".to_owned()),
            Secret::new("geheim.geheim.geheim".to_owned()),
            Secret::new("geheim.b.c.d.e".to_owned()),
            Secret::new("geheim geheim".to_owned()),
            token(r#"{"typ":"ID","geheim":1}"#),
            token(r#"{"typ":7,"geheim":1}"#),
            token(r#"["geheim"]"#),
            token("geheim"),
        ] {
            let error = read(&wrong).unwrap_err();
            assert!(!error.to_string().contains(wrong.reveal()), "{error}");
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }
}
