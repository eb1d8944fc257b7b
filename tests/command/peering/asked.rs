//! Who is asked about a ROSA cluster does not answer, or says no.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::ground::{THERE, ground};
use super::outside::install_rosa;
use crate::command::harness::{Done, Home, KEYCLOAK};

/// `{"typ":"Refresh","azp":"ocm-cli"}`, unsigned: what today's login gives.
const TODAYS: &str = "e30.eyJ0eXAiOiJSZWZyZXNoIiwiYXpwIjoib2NtLWNsaSJ9.geheim";

/// A `rosa` that complains, whatever it is asked.
fn complaining(home: &mut Home, stderr: &str) {
    let folder = home.path().join("bin");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("said"), stderr).expect("what it says");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = version ] && echo 1.2.60 && exit\ncat '{}' >&2\nexit 1\n",
        folder.join("said").display()
    );
    let path = folder.join("rosa");
    fs::write(&path, script).expect("the stand-in");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
}

/// Somebody on this machine who gives one answer to everything, and ends with
/// this value.
struct Always {
    port: u16,
    got: Arc<Mutex<Vec<String>>>,
    server: Option<JoinHandle<()>>,
}

impl Always {
    fn says(status: &str, kind: &str, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&got);
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let server = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let Some((request, mut stream)) = read(stream) else {
                    return;
                };
                list.lock().expect("the list").push(request);
                // A client may go away.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self {
            port,
            got,
            server: Some(server),
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn got(&self) -> VecDeque<String> {
        self.got.lock().expect("the list").drain(..).collect()
    }
}

impl Drop for Always {
    fn drop(&mut self) {
        // Whoever says nothing is the last one.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

/// A request with its body; none from who says nothing.
fn read(stream: TcpStream) -> Option<(String, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let before = text.len();
        if reader.read_line(&mut text).ok()? == 0 {
            return None;
        }
        let line = text[before..].trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    text.push_str(&String::from_utf8_lossy(&body));
    Some((text, reader.into_inner()))
}

#[track_caller]
fn plan(home: &Home, code: i32, more: &[&str]) -> Done {
    let words = ["peering", "create", "--plan", "--rosa-cluster", "rosa"];
    home.max(code, &[&words, &KEYCLOAK[..], more].concat())
}

#[track_caller]
fn says_nothing_of_a_login(done: &Done) {
    for words in ["rosa login", "not logged in", "does not accept"] {
        assert!(!done.stderr.contains(words), "{done:#?}");
    }
}

/// What the doctor finds of ROSA.
#[track_caller]
fn doctor(home: &Home) -> (String, String) {
    let words = ["doctor", "--region", "eu-west-1", "-o", "json"];
    let json = home.max(0, &words).json();
    let checks = json["checks"].as_array().expect("checks").clone();
    let found = checks.into_iter().find(|check| check["name"] == "rosa");
    let found = found.expect("a check");
    let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
    (text("message"), text("hint"))
}

#[test]
fn rosa_without_a_network_is_not_rosa_without_a_login() {
    let mut home = Home::new();
    home.create(0, &[]);
    let no_token = "ERR: Failed to create OCM connection: error creating connection. Not able to get authentication token: can't get access token: ";
    for (reason, words) in [
        (
            "Post \"https://sso.redhat.com/token\": dial tcp: lookup sso.redhat.com: no such host",
            "not known to DNS",
        ),
        (
            "Post \"https://sso.redhat.com/token\": Proxy Authentication Required",
            "the proxy's own login",
        ),
        (
            "Post \"https://sso.redhat.com/token\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "SSL_CERT_FILE",
        ),
        ("token response status code is '503'", "try again later"),
    ] {
        complaining(&mut home, &format!("{no_token}{reason}\n"));
        let done = plan(&home, 1, &[]);
        done.says(words);
        says_nothing_of_a_login(&done);
        let json = plan(&home, 1, &["-o", "json"]).error();
        assert_eq!(json["code"], "unreachable", "{json:#}");
        let (message, hint) = doctor(&home);
        assert!(format!("{message} {hint}").contains(words), "{message}");
        assert!(!hint.contains("rosa login"), "{hint}");
    }
    complaining(
        &mut home,
        "ERR: Failed to create OCM connection: your authorization token needs to be updated. Please login again using rosa login\n",
    );
    plan(&home, 7, &[]).says("run `rosa login`");
    let (message, hint) = doctor(&home);
    assert!(message.contains("not logged in"), "{message}");
    assert!(hint.contains("rosa login"), "{hint}");
}

#[test]
fn notes_on_deprecated_apis_do_not_hide_the_error() {
    let mut home = Home::new();
    home.create(0, &[]);
    let note = "WARNING: You are using a deprecated OCM API
This endpoint will be removed on: 2027-01-01T00:00:00Z
Details: /api/clusters_mgmt/v1/clusters gives way to something with a much longer name
Please update your usage to avoid issues when this endpoint is removed\n";
    let no = "There is no cluster with identifier or name 'rosa'";
    complaining(&mut home, &format!("{}ERR: {no}\n", note.repeat(5)));
    plan(&home, 64, &[]).says("is no cluster that rosa knows");
    complaining(
        &mut home,
        &format!("{{\"error\":\"{no}\"}}\n{}", note.repeat(5)),
    );
    plan(&home, 64, &[]).says("is no cluster that rosa knows");
}

#[test]
fn the_region_of_a_job_gives_way_to_the_clusters() {
    let (mut home, network) = ground();
    install_rosa(&mut home, &network);
    home.set("AURORA_REGION", "eu-west-1");
    home.set("AWS_REGION", "eu-central-1");
    let note = format!("rosa cluster rosa is in {THERE}: AWS_REGION (eu-central-1)");
    plan(&home, 0, &[]).says(&note);
    plan(&home, 64, &["--rosa-region", "eu-central-1"]).says("is not the region of rosa cluster");
    let words = ["peering", "create", "--rosa-cluster", "rosa"];
    home.max(0, &[&words, &KEYCLOAK[..]].concat()).says(&note);
    let words = ["peering", "delete", "--yes", "--rosa-cluster", "rosa"];
    home.max(0, &[&words, &KEYCLOAK[..]].concat()).says(&note);
}

#[test]
fn a_token_is_exchanged_as_its_client_or_as_the_one_that_is_named() {
    let mut home = Home::new();
    home.create(0, &[]);
    let refusal = r#"{"error":"invalid_grant","error_description":"Session not active"}"#;
    let sso = Always::says("400 Bad Request", "application/json", refusal);
    home.set("OCM_URL", &sso.url());
    home.set("OCM_TOKEN_URL", &format!("{}/token", sso.url()));
    home.set("OCM_TOKEN", TODAYS);
    let done = plan(&home, 7, &[]);
    done.says("Session not active").says("ten hours");
    done.says("OCM_CLIENT_ID and OCM_CLIENT_SECRET in place of OCM_TOKEN");
    assert!(!done.stderr.contains("geheim"), "{done:#?}");
    let got = sso.got();
    assert_eq!(got.len(), 1, "a refusal is final");
    assert!(got[0].contains("client_id=ocm-cli&"), "{got:?}");
    home.set("OCM_CLIENT_ID", "another");
    plan(&home, 7, &[]);
    assert!(sso.got()[0].contains("client_id=another&"));
    // With its secret it is a service account, and not the token's client.
    home.set("OCM_CLIENT_SECRET", "geheim");
    plan(&home, 7, &[]);
    assert!(sso.got()[0].contains("client_id=ocm-cli&"));
    home.set("OCM_TOKEN", "");
    let done = plan(&home, 7, &[]);
    done.says("check OCM_CLIENT_ID and OCM_CLIENT_SECRET");
    let got = sso.got();
    for part in ["client_credentials", "client_id=another", "scope=openid"] {
        assert!(got[0].contains(part), "{got:?}");
    }
    let (message, hint) = doctor(&home);
    assert!(
        message.contains("rosa clusters can't be looked up"),
        "{message}"
    );
    assert!(hint.contains("OCM_CLIENT_ID"), "{hint}");
}

#[test]
fn what_is_between_here_and_ocm_asks_for_no_login_to_it() {
    let home = |url: &str| {
        let mut home = Home::new();
        home.create(0, &[]);
        home.set("OCM_TOKEN", TODAYS);
        home.set("OCM_URL", url);
        home.set("OCM_TOKEN_URL", &format!("{url}/token"));
        home
    };
    let tells = |home: &Home, words: &str| -> Value {
        let done = plan(home, 1, &[]);
        done.says(words);
        says_nothing_of_a_login(&done);
        let (message, hint) = doctor(home);
        let told = format!("{message} {hint}");
        assert!(told.contains(words), "{told}");
        plan(home, 1, &["-o", "json"]).error()
    };
    // RFC 6761: a name that nobody has.
    let nowhere = "https://sso.redhat.invalid";
    let json = tells(&home(nowhere), "not known to DNS");
    assert_eq!(json["code"], "unreachable", "{json:#}");
    let proxy = Always::says("407 Proxy Authentication Required", "text/html", "<html>");
    let mut behind = home(nowhere);
    behind.set("HTTPS_PROXY", &proxy.url());
    let json = tells(&behind, "the proxy's own login");
    assert_eq!(json["code"], "unreachable", "{json:#}");
    assert!(proxy.got()[0].starts_with("CONNECT sso.redhat.invalid:443 "));
    let page = Always::says("403 Forbidden", "text/html", "<html>geheim</html>");
    tells(&home(&page.url()), "a sign-in page");
    let busy = Always::says("503 Service Unavailable", "text/html", "<html>");
    tells(&home(&busy.url()), "try again later");
    let gone = page.url();
    drop(page);
    tells(&home(&gone), "firewall");
}
