//! Which kind of token was given.

use serde::Deserialize;

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

/// The part of a JSON Web Token that says its kind.
#[derive(Deserialize)]
struct Claims {
    typ: Option<String>,
}

/// Tells the kind of a token as the `ocm` and `rosa` commands do: by the claim
/// `typ` of a JSON Web Token, where none is the same as `Bearer`. A token in
/// five parts is encrypted; its claims can't be read, and it is one to refresh.
pub(super) fn kind(token: &Secret) -> Result<Kind, InvalidInput> {
    let invalid = |problem: &str| InvalidInput {
        input: "ocm-token",
        value: "(hidden)".to_owned(),
        problem: problem.to_owned(),
        allowed: "an offline, refresh or access token of OpenShift Cluster Manager".to_owned(),
    };
    let text = token.reveal();
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("holds a character that no token has"));
    }
    let parts: Vec<&str> = text.split('.').collect();
    let payload = match parts.as_slice() {
        [_, payload, _] => payload,
        [_, _, _, _, _] => return Ok(Kind::Refresh),
        _ => return Err(invalid("is not a JSON Web Token")),
    };
    let claims: Claims = base64url(payload)
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| invalid("is not a JSON Web Token"))?;
    match claims.typ.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "bearer" | "access" => Ok(Kind::Access),
        "refresh" | "offline" => Ok(Kind::Refresh),
        _ => Err(invalid("is a token of another kind")),
    }
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

    fn token(claims: &str) -> Secret {
        let payload = aws_smithy_types::base64::encode(claims)
            .replace('+', "-")
            .replace('/', "_")
            .replace('=', "");
        Secret::new(format!("eyJhbGciOiJub25lIn0.{payload}.c2lnbmVk"))
    }

    #[test]
    fn the_type_claim_decides() {
        for (claims, expected) in [
            (r#"{"typ":"Bearer"}"#, Kind::Access),
            (r#"{"typ":"access","azp":"ü?>"}"#, Kind::Access),
            (r#"{"sub":"somebody"}"#, Kind::Access),
            (r#"{"typ":"Offline","x":"1"}"#, Kind::Refresh),
            (r#"{"typ":"Refresh","exp":0}"#, Kind::Refresh),
        ] {
            assert_eq!(kind(&token(claims)).unwrap(), expected, "{claims}");
        }
        let encrypted = Secret::new("a.b.c.d.e".to_owned());
        assert_eq!(kind(&encrypted).unwrap(), Kind::Refresh);
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for wrong in [
            Secret::new("geheim".to_owned()),
            Secret::new("geheim.geheim.geheim".to_owned()),
            Secret::new("geheim geheim".to_owned()),
            token(r#"{"typ":"ID","geheim":1}"#),
            token("geheim"),
        ] {
            let error = kind(&wrong).unwrap_err();
            assert!(!error.to_string().contains(wrong.reveal()), "{error}");
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }
}
