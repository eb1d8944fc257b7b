//! A statement by `aurora psql`, and what `peering verify` tells.

use rustix::process::Signal;
use serde_json::json;

use super::site::{Site, Whole, together};
use crate::command::harness::KEYCLOAK;
use crate::kubernetes::stage::base64;

/// What psql prints, and what it complains of, as a pod's only log has them.
fn log(printed: &str, said: &str) -> String {
    format!("{printed}\n{{pod}}\n{said}\n{{pod}}")
}

#[test]
fn each_line_once_and_complaints_apart() {
    let Some(whole) = Whole::new() else { return };
    let site = &whole.site;
    let run = |code: i32, words: &[&str]| site.psql(code, &[&["--"], words].concat());
    let done = run(
        0,
        &[
            "-At",
            "-c",
            "SELECT 'line ' || n FROM generate_series(1, 3000) AS n",
        ],
    );
    let expected: String = (1..=3000).map(|n| format!("line {n}\n")).collect();
    assert_eq!(done.stdout, expected);
    let done = run(
        0,
        &[
            "-At",
            "-c",
            "DO $$ BEGIN RAISE NOTICE 'beside'; END $$",
            "-c",
            "SELECT current_user",
        ],
    );
    assert_eq!(done.stdout, "DO\nkeycloak\n");
    done.says("NOTICE:  beside");
    let failed = run(1, &["-At", "-c", "SELECT 7", "-c", "SELECT 1/0"]);
    assert_eq!(failed.stdout, "7\n");
    failed
        .says("division by zero")
        .says("ended with exit code 1");
    // What ends without the end of a line has none.
    let done = run(0, &["-At", "-R", "|", "-c", "SELECT 1 UNION ALL SELECT 2"]);
    assert!(done.stdout.starts_with("1|2"), "{done:?}");

    let secret =
        json!({ "secrets/keycloak-db-secret": { "data": { "password": base64("of-last-week") } } });
    site.api.hold("dc1", &secret);
    run(1, &["-c", "SELECT 1"])
        .says("password authentication failed")
        .says("a password that RDS keeps changes every seven days");
    let told = site.verify(1, &["-o", "json"]);
    assert_eq!(told.json()["at_fault"], "password");
    told.says("--format external-secret");
    assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
}

#[test]
fn a_log_that_breaks_off_is_read_on() {
    let text: String = (0..200).map(|n| format!("line {n}\n")).collect();
    let scripts = json!({ "psql": [{ "log": log(&text, "NOTICE:  beside\n"), "seconds": 1.0 }] });
    let breaks = || {
        let Some(site) = Site::one(&json!({ "psql": scripts, "log_breaks": { "times": 3 } }))
        else {
            return;
        };
        let done = site.psql(0, &["--", "-c", "x"]);
        assert_eq!(done.stdout, text);
        assert_eq!(
            done.stderr.matches("NOTICE:  beside").count(),
            1,
            "{done:?}"
        );
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
    };
    // One that breaks off for good is no success, and what was said stays said.
    let never = || {
        let scripts = json!({ "psql": [{ "log": log("line 0\nline 1\nline 2\n", "") }] });
        let Some(site) = Site::one(&json!({ "psql": scripts, "log_breaks": { "times": 99 } }))
        else {
            return;
        };
        let done = site.psql(1, &["--", "-c", "x"]);
        assert!(done.stdout.starts_with("line 0"), "{done:?}");
        done.says("the pod's log breaks off: not all is printed");
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
    };
    // Nobody hears that the pod was made: it is asked for again, and found.
    let lost = || {
        let Some(site) = Site::one(&json!({ "psql": scripts })) else {
            return;
        };
        site.strike(&json!([{ "method": "POST", "part": "/pods", "do": "lose", "times": 1 }]));
        site.psql(0, &["--", "-c", "x"]);
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
        site.strike(&json!([{ "method": "POST", "part": "/pods", "do": "lose", "times": 1 }]));
        site.verify(0, &[]);
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
    };
    let signals = || {
        let slow = json!({ "psql": [{ "seconds": 60 }], "verify": [{ "seconds": 60 }] });
        let Some(site) = Site::one(&json!({ "psql": slow })) else {
            return;
        };
        let psql = ["--sandbox", "aurora", "psql", "-n", "keycloak"];
        let psql = [&psql[..], &KEYCLOAK, &["--", "-c", "x"]].concat();
        let verify = ["--sandbox", "peering", "verify", "-n", "keycloak"];
        let verify = [&verify[..], &KEYCLOAK].concat();
        for (words, signal, code) in [(&psql, Signal::TERM, 143), (&verify, Signal::INT, 130)] {
            let run = site.home.start(words);
            site.until(|seen| !seen.pods("dc1", "stepwell-").is_empty());
            run.signal(signal);
            let done = run.end();
            assert_eq!(done.code, code, "{done:?}");
            assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
        }
    };
    together(&[
        ("breaks", &breaks),
        ("never", &never),
        ("lost", &lost),
        ("signals", &signals),
    ]);
}

#[test]
fn what_servers_take_and_refuse() {
    let takes = || {
        let behave = json!({ "openshift": true, "pod_security": "restricted",
            "quota": { "hard": { "limits.cpu": "1", "limits.memory": "1Gi", "requests.cpu": "1", "requests.memory": "1Gi", "pods": "2" } } });
        let Some(site) = Site::one(&behave) else {
            return;
        };
        site.verify(0, &[]);
        assert_eq!(site.psql(0, &["--", "-c", "x"]).stdout, "");
        site.behave(&json!({ "openshift": null, "psql": null }));
        site.api.hold(
            "dc1",
            &json!({ "namespaces/keycloak": { "metadata": { "annotations": null } } }),
        );
        site.verify(0, &[]);
    };
    let refuses = || {
        let Some(site) = Site::one(&json!({})) else {
            return;
        };
        for (behave, code, says) in [
            (
                json!({ "denied": [["create", "pods"]] }),
                7,
                "may not create pods",
            ),
            (
                json!({ "denied": [["get", "pods/log"]] }),
                7,
                "may not get pods/log",
            ),
            (
                json!({ "denied": null, "pod_security": null, "quota": { "hard": { "limits.gpu": "1" } } }),
                8,
                "must specify limits.gpu",
            ),
            (
                json!({ "quota": null, "policy": { "on": ["pods"] } }),
                8,
                "label team is required",
            ),
        ] {
            site.behave(&behave);
            site.verify(code, &[]).says(says);
            site.psql(code, &["--", "-c", "x"]).says(says);
        }
        site.seen().untouched();
        // Who does not attach need not be allowed to.
        site.behave(&json!({ "policy": null, "denied": [["create", "pods/attach"]] }));
        site.psql(0, &["--", "-c", "x"]);
        site.psql(7, &[]).says("may not create pods/attach");
    };
    let short = json!({ "node": { "short_names": true } });
    let words = ["--image", "postgres:17"];
    let images = || {
        let Some(site) = Site::one(&short) else {
            return;
        };
        site.verify(0, &[]);
        site.verify(1, &words)
            .says("short name mode is enforcing")
            .says("--image");
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
    };
    let statements = || {
        let Some(site) = Site::one(&short) else {
            return;
        };
        site.psql(1, &[&words[..], &["--", "-c", "x"]].concat())
            .says("short name mode is enforcing")
            .says("--image");
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
    };
    together(&[
        ("takes", &takes),
        ("refuses", &refuses),
        ("images", &images),
        ("statements", &statements),
    ]);
}
