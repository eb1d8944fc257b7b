//! YAML for `kubectl apply`.

use serde_json::Value;

/// What a plain scalar of YAML would be taken for, other than a text (YAML 1.1,
/// which Kubernetes' tools still read).
const NOT_A_TEXT: [&str; 11] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf",
];

/// A document as YAML in block style, keys in the order of their names.
pub fn document(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

fn block(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                text.push_str(&format!("{indent}{}:", scalar(key)));
                child(text, value, depth + 1);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                block(&mut inner, item, depth + 1);
                // The first line of an item stands behind its dash.
                text.push_str(&format!("{indent}- {}", inner.trim_start()));
            }
        }
        other => text.push_str(&format!("{indent}{}\n", plain(other))),
    }
}

fn child(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if fields.is_empty() => text.push_str(" {}\n"),
        Value::Array(items) if items.is_empty() => text.push_str(" []\n"),
        Value::Object(_) => {
            text.push('\n');
            block(text, value, depth);
        }
        // Items stand as far in as their key, as Kubernetes writes them.
        Value::Array(_) => {
            text.push('\n');
            block(text, value, depth - 1);
        }
        other => text.push_str(&format!(" {}\n", plain(other))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A text: as it is where nothing else could be meant, else quoted. A JSON
/// string is a double-quoted scalar of YAML, whatever is in it.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with(':')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte))
        && !NOT_A_TEXT.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::document;

    #[test]
    fn objects_lists_and_scalars() {
        let value = json!({
            "list": [{ "name": "a", "value": { "deep": 1 } }, "b"],
            "none": [],
            "empty": {},
            "flag": true,
            "text": { "url": "jdbc:x://h:1/d", "yes": "yes", "number": "0x1", "bad": "#&*!|>'%`\\\"{}: -" },
        });
        assert_eq!(
            document(&value),
            "empty: {}\n\
             flag: true\n\
             list:\n\
             - name: a\n\
             \x20 value:\n\
             \x20   deep: 1\n\
             - b\n\
             none: []\n\
             text:\n\
             \x20 bad: \"#&*!|>'%`\\\\\\\"{}: -\"\n\
             \x20 number: \"0x1\"\n\
             \x20 url: jdbc:x://h:1/d\n\
             \x20 \"yes\": \"yes\"\n"
        );
    }
}
