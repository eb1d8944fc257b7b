//! The doctor looks, and leaves no trace.

use super::account::REGION;
use super::stage::Stage;

#[test]
fn the_doctor_changes_nothing() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    let words = [
        "-o",
        "json",
        "doctor",
        "--region",
        REGION,
        "--engine-version",
        "11.13",
        "--instance-class",
        "db.r5.large",
    ];
    let done = stage.home.run(&words);
    let json = done.json();
    // moto ignores that most calls are dry runs, so nothing may hang on it.
    stage.account.snapshot().must_be(&before);
    let status = |name: &str| {
        let checks = json["checks"].as_array().expect("checks");
        let found = checks.iter().find(|check| check["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {json:#}"))["status"].clone()
    };
    for name in ["identity", "clock", "region", "rds", "offer", "quota-vpcs"] {
        assert_eq!(status(name), "ok", "{name}: {json:#}");
    }
    // moto does not answer two of the dry runs, the deletion of an attachment to
    // a transit gateway among them; all others it does.
    let permissions = json["checks"].as_array().expect("checks");
    let permissions = permissions.iter().find(|one| one["name"] == "permissions");
    let told = permissions.and_then(|one| one["message"].as_str());
    let told = told.unwrap_or_default();
    assert!(
        told.starts_with("of 2 operations of ec2 nothing is known"),
        "{json:#}"
    );
    assert_eq!(done.code, 0, "{json:#}");
}
