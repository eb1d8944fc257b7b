//! Resets of a real database, by a real psql in pods that real clusters take.

use std::thread;

use serde_json::json;

use super::site::Whole;
use crate::kubernetes::database::PASSWORD;
use crate::kubernetes::stage::base64;

#[track_caller]
fn login(whole: &Whole, user: &str, password: &str) {
    let data = json!({ "username": base64(user), "password": base64(password) });
    let secret = json!({ "secrets/keycloak-db-secret": { "data": data } });
    whole.site.api.hold("dc1", &secret);
}

#[test]
fn dependents_in_other_schemas_are_told_and_only_dropped_when_asked_for() {
    let Some(whole) = Whole::new() else { return };
    whole.fill("realm");
    let ask = |sql: &str| whole.database.ask(sql);
    ask("CREATE SCHEMA report; CREATE VIEW report.realms AS SELECT * FROM public.realm");
    ask(
        "CREATE TYPE public.mood AS ENUM ('good'); CREATE TABLE report.kept (id int, how public.mood)",
    );
    let failed = whole.site.reset(3, &[]);
    failed
        .says("2 objects outside of schema public would go with it")
        .says("view report.realms")
        .says("column how of table report.kept")
        .says("--anew --cascade");
    let seen = whole.site.seen();
    assert_eq!(seen.patches("dc1").len(), 0, "nothing was stopped");
    assert_eq!(seen.pods("dc1", "stepwell-"), [""; 0]);
    assert_eq!(whole.database.tables(), ["realm"]);
    let done = whole.site.reset(0, &["--anew", "--cascade"]);
    done.says("what depends on it in other schemas too");
    assert_eq!(whole.database.tables(), [""; 0]);
    assert_eq!(
        ask("SELECT count(*) FROM pg_views WHERE schemaname = 'report'"),
        "0"
    );
    assert_eq!(
        ask("SELECT column_name FROM information_schema.columns WHERE table_schema = 'report'"),
        "id"
    );
    whole.site.until(|seen| seen.ready("dc1") == 2);
}

/// Those of the same user would hold locks, and write what is of the old schema.
#[test]
fn sessions_of_the_same_user_are_ended_and_a_deadlock_is_no_end() {
    let Some(whole) = Whole::new() else { return };
    whole.fill("first");
    whole.fill("second");
    let database = &whole.database;
    thread::scope(|scope| {
        let same = scope.spawn(|| database.ask_as("keycloak", "SELECT pg_sleep(60)"));
        // Somebody else holds what the drop wants last, and wants what it holds
        // already as soon as it waits. The drop is the one to notice.
        let other = scope.spawn(|| {
            database.ask_as(
                "rdsadmin",
                "BEGIN;
                 SET LOCAL deadlock_timeout = '60s';
                 LOCK TABLE public.second IN ACCESS SHARE MODE;
                 DO $$ BEGIN
                   WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP
                     PERFORM pg_sleep(0.02);
                   END LOOP;
                 END $$;
                 LOCK TABLE public.first IN ACCESS SHARE MODE;
                 COMMIT",
            )
        });
        let held = "SELECT count(*) FROM pg_locks
                    WHERE relation = 'public.second'::regclass AND pid <> pg_backend_pid()";
        whole.site.until(|_| database.ask(held) == "1");
        let done = whole.site.reset(0, &["--verbose"]);
        done.says("psql is tried again").says("40P01");
        let ended = same.join().expect("an answer").expect_err("it is ended");
        assert!(ended.contains("terminating connection"), "{ended}");
        other.join().expect("an answer").expect("it goes on");
    });
    let seen = whole.site.seen();
    assert_eq!(seen.made("stepwell-reset-").len(), 2);
    assert_eq!(database.tables(), [""; 0]);
    assert_eq!(whole.site.status(), "succeeded");
}

#[test]
fn user_and_password_are_the_secrets() {
    let Some(whole) = Whole::new() else { return };
    whole.fill("realm");
    login(&whole, "keycloak", "of-last-week");
    let failed = whole.site.reset(3, &[]);
    failed
        .says("password authentication failed for user \"keycloak\"")
        .says("a password that RDS keeps changes every seven days")
        .says("--format external-secret");
    assert_eq!(
        whole.site.seen().patches("dc1").len(),
        0,
        "nothing was stopped"
    );
    assert!(!format!("{failed:?}").contains("of-last-week"));

    // Another user, who owns the schema; what others may there they may again.
    let ask = |sql: &str| whole.database.ask(sql);
    ask(&format!(
        "CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE keycloak TO app"
    ));
    ask("ALTER SCHEMA public OWNER TO app; GRANT USAGE ON SCHEMA public TO auditor");
    login(&whole, "app", PASSWORD);
    whole.site.resume(0);
    let owner = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'";
    assert_eq!(ask(owner), "app");
    assert_eq!(
        ask("SELECT has_schema_privilege('auditor', 'public', 'USAGE')"),
        "t"
    );
    assert_eq!(whole.database.tables(), [""; 0]);
    let mark = ask("SELECT obj_description('public'::regnamespace)");
    assert!(mark.starts_with("reset by stepwell run "), "{mark}");
}

/// What Keycloak has made since the drop is safe, whatever becomes of the answer.
#[test]
fn a_drop_that_nobody_heard_of_is_not_repeated() {
    let Some(whole) = Whole::new() else { return };
    whole.fill("old");
    let run = whole.site.begin(&[]);
    whole.site.until(|_| whole.database.tables().is_empty());
    run.kill();
    whole.fill("realm");
    // The pod has gone as well: another one finds the mark.
    let seen = whole.site.seen();
    for pod in seen.pods("dc1", "stepwell-reset-") {
        let gone = json!({ format!("pods/{pod}"): null });
        whole.site.api.hold("dc1", &gone);
    }
    whole.site.resume(0);
    assert_eq!(whole.database.tables(), ["realm"], "dropped twice");
}
