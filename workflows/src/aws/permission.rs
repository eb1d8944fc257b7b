//! Which statement of `docs/iam-policy.json` has what the credentials lack.

use serde_json::Value;

const POLICY: &str = include_str!("../../../docs/iam-policy.json");

/// What a person can do about a call that was denied. AWS names the action in
/// the message (IAM User Guide, "Troubleshoot access denied error messages"):
/// "… is not authorized to perform: rds:CreateDBCluster on resource: …". Where it
/// does not, the operation tells it.
pub(crate) fn hint(operation: &str, message: &str) -> String {
    let named = message
        .split_once("perform: ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .map(|action| action.trim_end_matches(['.', ',', ';']))
        .filter(|action| action.contains(':'));
    let action = match named {
        Some(action) => action.to_owned(),
        None => action_of(operation),
    };
    if message.contains("explicit deny") {
        return format!(
            "a policy denies {action} explicitly; have the denial lifted, it goes before any permission"
        );
    }
    match statements(&action).as_slice() {
        [] => format!("let these credentials perform {action}"),
        [one] => format!(
            "let these credentials perform {action}: statement {one} of docs/iam-policy.json"
        ),
        many => format!(
            "let these credentials perform {action}: statements {} of docs/iam-policy.json",
            many.join(" and ")
        ),
    }
}

/// The `Sid`s of the statements that allow an action such as `ec2:CreateVpc`,
/// or an operation such as `CreateVpc`.
pub(crate) fn statements(action: &str) -> Vec<String> {
    listed()
        .into_iter()
        .filter(|(_, one)| one == action || operation_of(one) == action)
        .map(|(sid, _)| sid)
        .collect()
}

/// The action that an operation needs; the operation itself if the policy does
/// not have it.
fn action_of(operation: &str) -> String {
    listed()
        .into_iter()
        .map(|(_, action)| action)
        .find(|action| operation_of(action) == operation)
        .unwrap_or_else(|| operation.to_owned())
}

fn operation_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(_, name)| name)
}

/// The policy's actions, each with the `Sid` of its statement.
fn listed() -> Vec<(String, String)> {
    // It is part of the program, and a test reads it.
    let policy: Value = serde_json::from_str(POLICY).unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    statements
        .iter()
        .flat_map(|statement| {
            let sid = statement["Sid"].as_str().unwrap_or_default().to_owned();
            let actions = statement["Action"].as_array().cloned().unwrap_or_default();
            actions
                .into_iter()
                .filter_map(move |action| Some((sid.clone(), action.as_str()?.to_owned())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_of_the_policy_is_found_by_its_operation() {
        let all = listed();
        assert!(all.len() > 60, "{all:?}");
        for (sid, action) in all {
            assert!(statements(&action).contains(&sid), "{action}");
            let hint = hint(operation_of(&action), "You are not authorized");
            assert!(hint.contains(&action) && hint.contains(&sid), "{hint}");
        }
    }

    #[test]
    fn the_message_says_more_than_the_operation() {
        let said = "User: arn:aws:iam::1:user/kc is not authorized to perform: secretsmanager:CreateSecret on resource: x because no identity-based policy allows it";
        let told = hint("CreateDBCluster", said);
        assert!(told.contains("secretsmanager:CreateSecret"), "{told}");
        assert!(told.contains("LetRdsKeepThePassword"), "{told}");
        let said = "User: x is not authorized to perform: ec2:CreateVpc with an explicit deny in a service control policy";
        assert!(hint("CreateVpc", said).contains("denies ec2:CreateVpc explicitly"));
        let told = hint("CreateTags", "");
        assert!(told.contains(" and TagWhatIsThere"), "{told}");
    }
}
