//! Page tokens: the key of the last element shown, made opaque. Tokens stay good when elements go.

/// The token for the page after `key`.
pub(crate) fn encode(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The key in a token; `None` if it is none of ours.
pub(crate) fn decode(token: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(token.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}
