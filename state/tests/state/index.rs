//! The index: listing, finding, what is unfinished, forgetting.

use serde_json::json;
use stepwell_engine::event::{End, EventBody, RollbackCause, SuspendReason};
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{FindError, RunFilter, RunStatus, Store};

use crate::support::{
    account, actor, append, beginning, created, ended, event, open, place, prune, resumed, started,
    story, suspended,
};

fn status(store: &Store, run: RunId) -> RunStatus {
    store.find(&run.to_string()).expect("found").status
}

#[test]
fn the_row_follows_the_run() {
    let (_dir, path) = place();
    let store = open(&path);
    let run = RunId::from_u128(1);
    let operator = SuspendReason::Operator { step: "vpc".into() };
    let leftovers = Vec::new();
    let by = actor();
    let turn = EventBody::RollbackStarted(RollbackCause::Requested { by: actor() });
    let cases = [
        (beginning(run), RunStatus::Running),
        (started(run, 1), RunStatus::Running),
        (suspended(run, 2, operator), RunStatus::Suspended),
        (resumed(run, 3), RunStatus::Running),
        (
            suspended(run, 4, SuspendReason::Interrupted),
            RunStatus::Interrupted,
        ),
        (resumed(run, 5), RunStatus::Running),
        (ended(run, 6, End::Succeeded), RunStatus::Succeeded),
        (event(run, 7, turn), RunStatus::Running),
        (ended(run, 8, End::Stuck { leftovers }), RunStatus::Stuck),
        (resumed(run, 9), RunStatus::Running),
        (
            ended(run, 10, End::RolledBack { waived: Vec::new() }),
            RunStatus::RolledBack,
        ),
        (
            ended(
                run,
                11,
                End::Abandoned {
                    by,
                    reason: "x".to_owned(),
                },
            ),
            RunStatus::Abandoned,
        ),
    ];
    for (event, expected) in cases {
        let (at, seq) = (event.at, event.seq);
        let over = matches!(event.body, EventBody::RunEnded(_));
        append(&store, vec![event]);
        let row = store.find("latest").expect("found");
        assert_eq!(row.status, expected, "after event {seq}");
        assert_eq!((row.updated_at, row.events), (at, seq + 1));
        assert_eq!(row.started_at, Timestamp(1_000_000));
        assert_eq!(row.ended_at, over.then_some(at));
        assert_eq!(row.account, account());
    }
}

#[test]
fn lists_are_filtered_and_newest_first() {
    let (_dir, path) = place();
    let store = open(&path);
    let runs = [1, 2, 3, 4].map(RunId::from_u128);
    for (run, target) in runs.iter().zip(["a", "b", "a", "a"]) {
        let mut facts = created(target);
        if target == "b" {
            facts.workflow = "aurora delete".to_owned();
        }
        append(
            &store,
            vec![event(*run, 0, EventBody::RunCreated(facts.into()))],
        );
    }
    append(&store, vec![ended(runs[2], 1, End::Succeeded)]);
    append(
        &store,
        vec![ended(
            runs[0],
            1,
            End::Stuck {
                leftovers: Vec::new(),
            },
        )],
    );
    let list = |filter: RunFilter| -> Vec<RunId> {
        let rows = store.runs(&filter).expect("a list");
        rows.iter().map(|row| row.id).collect()
    };
    let all = RunFilter::default;
    let [one, two, three, four] = runs;
    assert_eq!(list(all()), [four, three, two, one]);
    assert_eq!(
        list(RunFilter {
            limit: Some(2),
            ..all()
        }),
        [four, three]
    );
    let target = Some("a".to_owned());
    assert_eq!(list(RunFilter { target, ..all() }), [four, three, one]);
    let workflow = Some("aurora delete".to_owned());
    assert_eq!(list(RunFilter { workflow, ..all() }), [two]);
    assert_eq!(
        list(RunFilter {
            unfinished_only: true,
            ..all()
        }),
        [four, two, one]
    );

    let unfinished = |account, target| -> Vec<RunId> {
        let rows = store.unfinished(&account, target).expect("a list");
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(unfinished(account(), "a"), [four, one]);
    assert!(unfinished(json!({"id": "other"}), "a").is_empty());
    assert!(unfinished(account(), "c").is_empty());
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id() {
    let (_dir, path) = place();
    let store = open(&path);
    assert!(matches!(store.find("latest"), Err(FindError::Empty)));
    assert!(matches!(store.find("abc"), Err(FindError::Empty)));
    let run = |text: &str| text.parse::<RunId>().expect("an id");
    let one = run("01890a5d-ac96-774b-bcce-b302099a8057");
    let two = run("01890a5d-ac96-7000-8000-000000000001");
    let three = run("01890b00-0000-7000-8000-000000000001");
    for run in [one, two, three] {
        append(&store, vec![beginning(run)]);
    }
    let find = |text: &str| store.find(text).map(|row| row.id);
    assert_eq!(find("latest").expect("found"), three);
    assert_eq!(find("01890B").expect("found"), three);
    assert_eq!(find("01890a5d-ac96-77").expect("found"), one);
    assert_eq!(find(&two.to_string()).expect("found"), two);
    for text in [
        "",
        "ff",
        "%",
        "01890a5d-ac96-774b-bcce-b302099a80570",
        "newest",
    ] {
        assert!(
            matches!(find(text), Err(FindError::NotFound { .. })),
            "{text}"
        );
    }
    let error = find("0189").expect_err("ambiguous");
    assert_eq!(story(&error), "\"0189\" fits 3 runs");
    assert!(error.hint().expect("a hint").contains(&one.to_string()));
    assert!(matches!(error, FindError::Ambiguous { ids, .. } if ids == [three, two, one]));
}

#[test]
fn pruning_forgets_only_what_is_over() {
    let (_dir, path) = place();
    let store = open(&path);
    let by = actor();
    let ends = [
        Some(End::Succeeded),
        Some(End::RolledBack { waived: Vec::new() }),
        Some(End::Abandoned {
            by,
            reason: "x".to_owned(),
        }),
        Some(End::Stuck {
            leftovers: Vec::new(),
        }),
        None,
        Some(End::Succeeded),
    ];
    let mut runs = Vec::new();
    for (number, end) in (1..).zip(ends) {
        let run = RunId::from_u128(number);
        runs.push(run);
        append(&store, vec![beginning(run)]);
        if let Some(end) = end {
            append(&store, vec![ended(run, 1, end)]);
        }
    }
    let locks = path.with_file_name("state.db.locks");
    let lock_files = || {
        let found = std::fs::read_dir(&locks).expect("a list");
        found
            .filter(|file| {
                let name = file.as_ref().expect("a file").file_name();
                name.to_string_lossy().starts_with("run-")
            })
            .count()
    };
    // Nothing is old enough; then all are, but one is being taken up.
    assert_eq!(prune(&store, 1_000_001), 0);
    let lock = store
        .lock_run(runs[5], &actor(), Timestamp(1))
        .expect("free");
    assert_eq!(prune(&store, 1_000_002), 3);
    for gone in &runs[..3] {
        assert!(store.events(*gone).expect("events").is_empty());
        assert!(matches!(
            store.find(&gone.to_string()),
            Err(FindError::NotFound { .. })
        ));
    }
    assert_eq!(status(&store, runs[3]), RunStatus::Stuck);
    assert_eq!(status(&store, runs[4]), RunStatus::Running);
    assert_eq!(status(&store, runs[5]), RunStatus::Succeeded);
    assert_eq!(lock_files(), 1);
    drop(lock);
    assert_eq!(prune(&store, 1_000_002), 1);
    assert_eq!(lock_files(), 0);
    // A pruned run can't be written to.
    let orphan = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(stepwell_engine::Journal::append(
            &store,
            vec![resumed(runs[0], 2)],
        ));
    orphan.expect_err("the run is gone");
}

#[test]
fn pruning_many_runs_keeps_few_files_open() {
    let (_dir, path) = place();
    let store = open(&path);
    crate::support::block(async {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..300 {
            let store = store.clone();
            tasks.spawn(async move {
                let run = RunId::from_u128(number);
                let events = vec![beginning(run), ended(run, 1, End::Succeeded)];
                stepwell_engine::Journal::append(&store, events).await
            });
        }
        for result in tasks.join_all().await {
            result.expect("appended");
        }
    });
    assert_eq!(prune(&store, i64::MAX), 300);
    assert!(matches!(store.find("latest"), Err(FindError::Empty)));
}
