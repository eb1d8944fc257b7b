//! Texts as a person gets them: harmless, in the terminal's letters, with the
//! times that were asked for; and settings where AWS's users have them.

use std::fs;

use super::harness::Home;

#[test]
fn what_others_wrote_does_not_act_on_the_terminal() {
    let mut home = Home::new();
    home.set("USER", "eve\u{1b}[2J\nRUN forged");
    home.create(0, &[]);
    let again = ["--reason", "because\u{1b}]0;title\u{7}"];
    home.run(&[&["runs", "abandon", "latest"], &again[..]].concat());
    for words in [
        &["runs", "show"][..],
        &["runs", "events"],
        &["runs", "list"],
    ] {
        let done = home.expect(0, words);
        let acts = |text: &str| text.contains('\u{1b}') || text.contains("\nRUN forged");
        assert!(!acts(&done.stdout), "{words:?}: {done:#?}");
        assert!(!acts(&done.stderr), "{words:?}: {done:#?}");
    }
    home.expect(0, &["runs", "show"])
        .prints("eve\\u{1b}[2J\\nRUN forged");
    // Programs get it as it is.
    let events = home.expect(0, &["runs", "events", "-o", "json"]).json();
    let by = &events["events"][0]["data"]["by"]["user"];
    assert_eq!(by, "eve\u{1b}[2J\nRUN forged");
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    for (locale, ascii) in [("C", true), ("de_DE.ISO-8859-1", true), ("C.UTF-8", false)] {
        let mut home = Home::new();
        home.set("LC_ALL", locale);
        let throttled = ["--error", "Throttling", "--times", "1"];
        home.fault(&[&["--operation", "CreateSubnet"], &throttled[..]].concat());
        let done = home.create(0, &[]);
        let shown = home.expect(0, &["runs", "show"]);
        let all = format!("{}{}{}", done.stdout, done.stderr, shown.stdout);
        assert_eq!(all.is_ascii(), ascii, "{locale}: {all}");
        assert!(all.contains("retry in"), "{all}");
    }
}

#[test]
fn what_is_tried_again_has_not_failed() {
    let home = Home::new();
    let throttled = ["--error", "Throttling", "--times", "2"];
    home.fault(&[&["--operation", "CreateVpc"], &throttled[..]].concat());
    let done = home.create(0, &[]);
    done.says("retrying vpc: CreateVpc failed");
    assert!(!done.stderr.contains(" failed vpc"), "{}", done.stderr);
    home.expect(0, &["runs", "events"]).prints("retrying vpc");
}

#[test]
fn times_are_utc_or_this_machines() {
    let mut home = Home::new();
    home.set("TZ", "Asia/Kathmandu");
    home.create(0, &[]);
    home.expect(0, &["runs", "show"]).prints(" UTC by ");
    let local = home.expect(0, &["--local-time", "runs", "show"]);
    local.prints(" +0545 by ");
    home.expect(0, &["runs", "events", "--local-time"])
        .prints("+05:45  ");
    let json = ["runs", "show", "--local-time", "-o", "json"];
    let started = &home.expect(0, &json).json()["started_at"];
    assert!(started.as_str().is_some_and(|at| at.ends_with('Z')));
}

/// A home with a configuration file of the SDK.
fn with_profiles() -> Home {
    let home = Home::new();
    fs::create_dir(home.path().join(".aws")).expect("a folder");
    let file = "[default]\nregion = eu-west-3\n[profile other]\nregion = eu-central-1\n";
    fs::write(home.path().join(".aws/config"), file).expect("a file");
    home
}

#[test]
fn the_region_is_taken_from_where_users_of_aws_have_it() {
    let mut home = Home::new();
    home.set("AWS_DEFAULT_REGION", "eu-west-1");
    home.max(1, &["aurora", "endpoint", "--cluster", "kc"])
        .says("eu-west-1");

    let mut home = with_profiles();
    home.set("AWS_ACCESS_KEY_ID", "test");
    home.set("AWS_SECRET_ACCESS_KEY", "test");
    let words = ["aurora", "endpoint", "--cluster", "kc"];
    let nobody = ["--endpoint-url", "http://127.0.0.1:1"];
    let done = home.expect(1, &[&nobody, &words[..]].concat());
    done.says("the endpoint is http://127.0.0.1:1");
    // A sandbox has no profile.
    home.max(64, &words).says("AWS_DEFAULT_REGION");
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let mut home = with_profiles();
    home.set("AWS_PROFILE", "nope");
    let done = home.expect(7, &["aurora", "list", "--region", "eu-west-1"]);
    done.says("profile `nope` was not defined (NoCredentials)")
        .says("aws configure list-profiles");
}
