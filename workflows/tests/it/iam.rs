//! The IAM policy in docs/ allows what the sources call, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stepwell_sandbox::operations;

/// Actions that AWS asks for although no call names them; docs/iam.md says why.
const BEYOND: [&str; 7] = [
    "ec2:CreateTags",
    "iam:CreateServiceLinkedRole",
    "kms:DescribeKey",
    "rds:AddTagsToResource",
    "rds:CreateDBClusterSnapshot",
    "secretsmanager:CreateSecret",
    "secretsmanager:TagResource",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn statements() -> Vec<Value> {
    let text = fs::read_to_string(root().join("docs/iam-policy.json")).expect("the policy");
    let policy: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(policy["Version"], "2012-10-17");
    policy["Statement"].as_array().expect("statements").clone()
}

fn actions(statement: &Value) -> Vec<&str> {
    let actions = statement["Action"].as_array().expect("a list of actions");
    (actions.iter())
        .map(|action| action.as_str().expect("an action"))
        .collect()
}

/// Every source, by its path.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("workflows/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a source");
                found.push((path.display().to_string(), text));
            }
        }
    }
    found
}

/// The SDK's method for an operation: `DescribeDBClusters` is
/// `describe_db_clusters`.
fn method(operation: &str) -> String {
    let mut name = String::new();
    let letters: Vec<char> = operation.replace("DB", "Db").chars().collect();
    for (place, letter) in letters.iter().enumerate() {
        if letter.is_ascii_uppercase() && place > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The actions that the sources call, each with a file that does, and
/// operations that are named in an error but that nobody knows.
fn called() -> (BTreeMap<String, String>, BTreeSet<String>) {
    let mut called = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let statements = statements();
    // What the sandbox lacks, the policy may know.
    let mut known: BTreeSet<String> = (operations().iter())
        .map(|operation| format!("{}:{}", operation.service, operation.name))
        .collect();
    known.extend(statements.iter().flat_map(actions).map(str::to_owned));
    for (path, text) in sources() {
        for action in &known {
            let name = action.split(':').next_back().unwrap_or_default();
            if text.contains(&format!(".{}()", method(name))) {
                called.insert(action.clone(), path.clone());
            }
        }
        // However a call is made, its error names it.
        for rest in text.split("fault(\"").skip(1) {
            let name = rest.split('"').next().unwrap_or_default();
            match operations().iter().find(|one| one.name == name) {
                Some(one) => {
                    called.insert(format!("{}:{name}", one.service), path.clone());
                }
                None => {
                    unknown.insert(name.to_owned());
                }
            }
        }
    }
    (called, unknown)
}

#[test]
fn the_policy_allows_what_is_called_and_nothing_else() {
    let (called, unknown) = called();
    assert!(
        unknown.is_empty(),
        "the sandbox does not know {unknown:?}, so nobody can tell whose operations they are: add them to sandbox/src/operations.rs"
    );
    assert!(called.len() > 30, "calls are no longer found: {called:?}");
    let statements = statements();
    let allowed: BTreeSet<&str> = statements.iter().flat_map(actions).collect();
    let missing: Vec<_> = (called.iter())
        .filter(|(action, _)| !allowed.contains(action.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/iam-policy.json does not allow what is called: add each to the statement it belongs to, or to a new one with a row in docs/iam.md: {missing:#?}"
    );
    let idle: Vec<_> = (allowed.iter())
        .filter(|action| !called.contains_key(**action) && !BEYOND.contains(action))
        .collect();
    assert!(
        idle.is_empty(),
        "docs/iam-policy.json allows what nothing calls: take it out, or, if AWS asks for it on behalf of another action, add it to BEYOND in {} with a row in docs/iam.md: {idle:#?}",
        file!()
    );
    for action in BEYOND {
        assert!(allowed.contains(action), "{action} is no longer allowed");
    }
    // What is made gets its tags in the same call; routes have none.
    let tagged = (statements.iter())
        .find(|statement| statement["Sid"] == "TagNetworksAsTheyAreMade")
        .map(|statement| statement["Condition"].to_string())
        .unwrap_or_default();
    for action in called.keys().filter_map(|one| one.strip_prefix("ec2:")) {
        if action.starts_with("Create") && !["CreateRoute", "CreateTags"].contains(&action) {
            assert!(
                tagged.contains(&format!("\"{action}\"")),
                "the condition of TagNetworksAsTheyAreMade lacks {action}"
            );
        }
    }
    // A condition that lets tag only what is being made stops any other tagging.
    if called.contains_key("ec2:CreateTags") {
        let free = (statements.iter()).any(|statement| {
            actions(statement).contains(&"ec2:CreateTags")
                && !statement["Condition"].to_string().contains("CreateAction")
        });
        assert!(
            free,
            "CreateTags is called by itself: docs/iam-policy.json needs a statement for it without the condition ec2:CreateAction"
        );
    }
}

#[test]
fn the_documented_errors_of_what_is_called_are_listed() {
    let list = fs::read_to_string(root().join("workflows/tests/documented-errors.txt"));
    let list = list.expect("the list");
    let listed: BTreeSet<&str> = (list.lines())
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(' ').next())
        .collect();
    // EC2 models no errors: one list serves all its operations. What no call
    // names answers through the call that it is needed for.
    assert!(listed.contains("ec2:*") && listed.contains("*:*"));
    let statements = statements();
    let missing: Vec<&str> = (statements.iter().flat_map(actions))
        .filter(|action| !action.starts_with("ec2:") && !listed.contains(action))
        .filter(|action| !BEYOND.contains(action) || *action == "rds:AddTagsToResource")
        .collect();
    assert!(
        missing.is_empty(),
        "workflows/tests/documented-errors.txt has no line for {missing:?}"
    );
}

#[test]
fn the_policy_is_one_that_aws_takes() {
    let statements = statements();
    let mut sids = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for statement in &statements {
        let sid = statement["Sid"].as_str().expect("a sid");
        assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{sid}");
        assert!(sids.insert(sid), "{sid} stands twice");
        assert_eq!(statement["Effect"], "Allow", "{sid}");
        let resource = &statement["Resource"];
        assert!(resource.is_string() || resource.is_array(), "{sid}");
        let keys = statement.as_object().expect("an object").keys();
        for key in keys {
            let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
            assert!(known.contains(&key.as_str()), "{sid} has {key}");
        }
        let actions = actions(statement);
        assert!(actions.is_sorted(), "{sid} is not in order");
        for action in actions {
            assert!(!action.contains('*'), "{action} is a wildcard");
            assert_eq!(action.split(':').count(), 2, "{action}");
            assert!(
                seen.insert((action, statement["Condition"].to_string())),
                "{action} stands twice"
            );
        }
    }
    // The limit of a managed policy, white space aside (IAM User Guide, "IAM
    // and AWS STS quotas").
    let text = serde_json::to_string(&statements).expect("json");
    assert!(text.len() < 6000, "{} characters", text.len());
}

#[test]
fn the_page_explains_every_statement() {
    let page = fs::read_to_string(root().join("docs/iam.md")).expect("the page");
    for statement in statements() {
        let sid = statement["Sid"].as_str().expect("a sid");
        assert!(
            page.contains(&format!("`{sid}`")),
            "docs/iam.md lacks {sid}"
        );
    }
    for action in BEYOND {
        assert!(
            page.contains(&format!("`{action}`")),
            "docs/iam.md lacks {action}"
        );
    }
}

#[test]
fn methods_are_named_as_the_sdk_names_them() {
    assert_eq!(method("DescribeDBClusters"), "describe_db_clusters");
    assert_eq!(method("CreateVpc"), "create_vpc");
    assert_eq!(
        method("DescribeOrderableDBInstanceOptions"),
        "describe_orderable_db_instance_options"
    );
    assert_eq!(method("GetCallerIdentity"), "get_caller_identity");
}
