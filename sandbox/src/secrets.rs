//! Secrets Manager: the master user secrets that RDS keeps.

use crate::context::Context;
use crate::wire::error::{ApiResult, refusal, refuse};
use crate::world::database::Secret;
use crate::world::ids;
use serde_json::json;

pub(crate) fn get_value(context: &mut Context<'_>) -> ApiResult<String> {
    let (arn, secret) = find(context)?;
    if secret.active_at.is_none_or(|at| context.now < at) {
        refuse!("ResourceNotFoundException":
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
    }
    let password = password(context.world.seed, arn, secret.version);
    let value = json!({ "username": secret.username, "password": password });
    Ok(json!({
        "ARN": arn,
        "Name": secret.name,
        "VersionId": version_id(context, arn, secret),
        "SecretString": value.to_string(),
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": secret.created_at as f64 / 1000.0,
    })
    .to_string())
}

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (arn, secret) = find(context)?;
    let mut versions = serde_json::Map::new();
    versions.insert(version_id(context, arn, secret), json!(["AWSCURRENT"]));
    Ok(json!({
        "ARN": arn,
        "Name": secret.name,
        "Description": format!("Secret associated with primary RDS DB cluster: {}", secret.cluster_arn),
        "OwningService": "rds",
        "RotationEnabled": true,
        "RotationRules": { "AutomaticallyAfterDays": 7 },
        "CreatedDate": secret.created_at as f64 / 1000.0,
        "Tags": [
            { "Key": "aws:secretsmanager:owningService", "Value": "rds" },
            { "Key": "aws:rds:primaryDBClusterArn", "Value": secret.cluster_arn },
        ],
        "VersionIdsToStages": versions,
    })
    .to_string())
}

fn find<'a>(context: &'a Context<'_>) -> ApiResult<(&'a str, &'a Secret)> {
    let id = context.params.get("SecretId").ok_or_else(
        || refusal!("InvalidParameterException": "You must provide a value for SecretId"),
    )?;
    context
        .here()
        .secrets
        .iter()
        .find(|(arn, secret)| *arn == id || secret.name == id)
        .map(|(arn, secret)| (arn.as_str(), secret))
        .ok_or_else(|| {
            refusal!("ResourceNotFoundException":
                "Secrets Manager can't find the specified secret.")
        })
}

/// The generated password: 28 characters that RDS accepts.
fn password(seed: u64, arn: &str, version: u32) -> String {
    const ALPHABET: &[u8] =
        b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%&*()-_=+[]{}<>:?";
    let mut state = ids::hash(seed ^ u64::from(version), arn);
    (0..28)
        .map(|_| {
            state = ids::mix(state);
            char::from(ALPHABET[(state % ALPHABET.len() as u64) as usize])
        })
        .collect()
}

fn version_id(context: &Context<'_>, arn: &str, secret: &Secret) -> String {
    let call = ids::hash(context.world.seed, arn);
    ids::request(context.world.seed, call, u64::from(secret.version))
}
