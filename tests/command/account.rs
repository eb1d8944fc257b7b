//! A run belongs to its account.

use super::harness::{Home, KEYCLOAK, Running};

/// Serves the sandbox of a home; gives its address.
fn serve(home: &Home, port: &str) -> (Running, String) {
    let mut server = home.start(&[
        "sandbox",
        "serve",
        "--port",
        port,
        "--sandbox-speed",
        "1000",
    ]);
    server.until("Ctrl-C");
    let endpoint = server.stdout().trim().to_owned();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    (server, endpoint)
}

fn with_credentials(home: &mut Home) {
    home.set("AWS_ACCESS_KEY_ID", "test");
    home.set("AWS_SECRET_ACCESS_KEY", "test");
    home.set("AWS_CONFIG_FILE", "/nonexistent");
    home.set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
}

#[test]
fn a_run_is_not_taken_up_under_another_account() {
    let mut home = Home::new();
    with_credentials(&mut home);
    home.fault(&["--operation", "CreateVpc", "--error", "ExpiredToken"]);
    let (server, endpoint) = serve(&home, "0");
    let create = [
        &["--endpoint-url", &endpoint, "aurora", "create"],
        &KEYCLOAK[..],
    ]
    .concat();
    home.expect(3, &create);
    let run = home.show("latest");
    assert_eq!(run["account"]["kind"], "aws");
    assert_eq!(run["account"]["endpoint"], endpoint);

    let elsewhere = ["--endpoint-url", "http://127.0.0.1:9", "resume"];
    home.expect(1, &elsewhere)
        .says(&endpoint)
        .says("http://127.0.0.1:9");
    home.expect(1, &["--sandbox", "resume"]).says("belongs to");

    // The same address, but another account answers there.
    server.kill();
    let other = Home::new();
    let port = endpoint.rsplit(':').next().expect("a port");
    let (_other, _) = serve(&other, port);
    let done = home.expect(1, &["resume", "-o", "json"]);
    let error = done.error();
    assert_eq!(error["code"], "other_account");
    let text = error["error"].as_str().expect("text");
    let recorded = run["account"]["id"].as_str().expect("an id");
    assert!(text.contains(recorded), "{text}");
    assert!(text.matches("aws account ").count() == 2, "{text}");
    assert_eq!(home.show("latest")["status"], "suspended");
    assert_eq!(
        home.show("latest")["resumed"].as_array().map(Vec::len),
        Some(0)
    );
}

#[test]
fn without_credentials() {
    let mut home = Home::new();
    home.set("AWS_CONFIG_FILE", "/nonexistent");
    home.set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    let create = [&["aurora", "create"], &KEYCLOAK[..]].concat();
    let done = home.expect(7, &create);
    done.says("error: ").says("caused by: ").says("hint: ");
    assert!(home.runs().is_empty());
}
