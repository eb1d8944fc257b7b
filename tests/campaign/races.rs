//! Many processes at once for the same thing: exactly one proceeds.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::account::{Picture, complete};
use super::asked_for;
use super::plan::{Blow, Form, What, When};
use super::stage::Stage;
use super::work::Work;
use crate::command::harness::{Done, Home, Running};

/// How many race.
fn crowd() -> usize {
    let many = asked_for("STEPWELL_CAMPAIGN_CROWD").unwrap_or(50);
    usize::try_from(many).expect("a number of processes")
}

/// Slow enough that whoever proceeds is at work until all others have tried.
const SPEED: &str = "100";

const WORK: Work = Work::Create {
    instances: 1,
    zones: false,
    range: false,
    password: false,
};

/// What became of those that raced.
struct Field {
    winners: Vec<(u32, Done)>,
    locked: Vec<Done>,
    /// Came when it was over.
    late: Vec<Done>,
    other: Vec<Done>,
}

/// Starts as many as there are commands, each as soon as the one before it was.
fn race(stage: &Stage<'_>, commands: &[Vec<String>]) -> Field {
    let start = |words: &Vec<String>| {
        let mut all = vec!["--sandbox-speed", SPEED, "-o", "json"];
        all.extend(words.iter().map(String::as_str));
        stage.home.start(&all)
    };
    let running: Vec<Running> = commands.iter().map(start).collect();
    let mut field = Field {
        winners: Vec::new(),
        locked: Vec::new(),
        late: Vec::new(),
        other: Vec::new(),
    };
    for run in running {
        let pid = run.pid();
        let done = run.end();
        match done.code {
            0 => field.winners.push((pid, done)),
            6 => field.locked.push(done),
            1 if ["exists", "run_ended"].contains(&code(&done).as_str()) => field.late.push(done),
            _ => field.other.push(done),
        }
    }
    field
}

fn code(done: &Done) -> String {
    done.error()["code"].as_str().unwrap_or_default().to_owned()
}

/// Each of those that were turned away says who is at work.
#[track_caller]
fn all_name(locked: &[Done], pid: u32) {
    let holder = format!("process {pid} of ");
    for done in locked {
        done.says(&holder);
    }
}

/// Serves a home in which there is nothing.
fn served(home: &mut Home) -> Stage<'_> {
    Stage::serve(home, SPEED.parse().expect("a number"))
}

/// Begins a create and kills it when the cluster is asked for, and the long
/// waits are still to come.
#[track_caller]
fn killed_half_way(stage: &mut Stage<'_>) {
    let words = WORK.words(&WORK.ground().laid());
    let kill = Blow {
        when: When::Lines(24, 0),
        what: What::Kill,
    };
    let ended = stage.live(&words, Form::Text, &[kill]);
    assert!(ended.was_killed(), "{:?}", ended.done);
}

#[track_caller]
fn must_be_complete(stage: &Stage<'_>, before: &Picture) {
    let after = Picture::of(stage.home);
    let wanted = complete(WORK);
    assert_eq!(after.more_than(&wanted.1).0, [""; 0], "twice");
    assert!(
        after.is_like(before, &wanted),
        "{}",
        after.differences(before, &wanted)
    );
}

#[test]
fn of_many_that_resume_one_run_one_proceeds() {
    let mut home = Home::new();
    let mut stage = served(&mut home);
    let before = Picture::of(stage.home);
    killed_half_way(&mut stage);
    let crowd = crowd();
    let field = race(&stage, &vec![vec!["resume".to_owned()]; crowd]);
    assert_eq!(field.winners.len(), 1, "{:?}", field.other);
    assert_eq!(field.other.len(), 0, "{:?}", field.other);
    all_name(&field.locked, field.winners[0].0);
    let story = stage.look(&["runs", "show"]);
    assert_eq!(story["resumed"].as_array().map(Vec::len), Some(1));
    assert_eq!(story["resumed"][0]["by"]["pid"], field.winners[0].0);
    must_be_complete(&stage, &before);
    println!(
        "raced for one run: {crowd} processes, {} proceeded, {} were told who does (exit 6), {} came when it was over (exit 1)",
        field.winners.len(),
        field.locked.len(),
        field.late.len()
    );
    assert!(field.locked.len() * 2 >= crowd, "hardly any met another");
}

/// Processes come one by one until the one that proceeds is done, so that some
/// have seen the run unfinished and get the locks right after it.
#[test]
fn of_many_that_come_when_a_run_ends_none_takes_it_up_again() {
    let mut home = Home::new();
    let mut stage = Stage::serve(&mut home, 300);
    let before = Picture::of(stage.home);
    killed_half_way(&mut stage);
    let resume = ["--sandbox-speed", "300", "-o", "json", "resume"];
    let mut running: Vec<Running> = Vec::new();
    let mut ended: BTreeMap<i32, u64> = BTreeMap::new();
    let (most, mut after) = (crowd() * 8, 0);
    for _ in 0..most {
        if after < 5 {
            running.push(stage.home.start(&resume));
        }
        thread::sleep(Duration::from_millis(12));
        while let Some(place) = running.iter_mut().position(Running::is_over) {
            let done = running.swap_remove(place).end();
            *ended.entry(done.code).or_default() += 1;
            let right = match done.code {
                0 => done.json()["status"] == "succeeded",
                // A busy machine passes for an account that does not answer.
                3..=5 => true,
                1 => ["run_ended", "no_such_run"].contains(&code(&done).as_str()),
                6 => code(&done) == "locked",
                _ => false,
            };
            assert!(right, "{done:#?}");
        }
        after += usize::from(ended.contains_key(&0) || ended.contains_key(&4));
        if after > 0 && running.is_empty() {
            break;
        }
    }
    println!("raced for the end of a run: by exit code {ended:?}");
    assert!(ended.values().sum::<u64>() > 5, "{ended:?}");
    let of = |codes: &[i32]| -> u64 { codes.iter().filter_map(|code| ended.get(code)).sum() };
    assert_eq!(of(&[0, 4]), 1, "one brings it to its end: {ended:?}");
    let story = stage.look(&["runs", "show"]);
    let resumed = story["resumed"].as_array().map_or(0, Vec::len) as u64;
    assert_eq!(resumed, of(&[0, 3, 4, 5]), "{ended:?}");
    if of(&[0]) == 1 {
        assert_eq!(story["status"], "succeeded");
        must_be_complete(&stage, &before);
    } else {
        assert_eq!(story["status"], "rolled_back");
        assert_eq!(Picture::of(stage.home), before);
    }
}

#[test]
fn of_many_that_create_one_cluster_one_proceeds() {
    let mut home = Home::new();
    let mut stage = served(&mut home);
    let before = Picture::of(stage.home);
    let crowd = crowd();
    let words = WORK.words(&WORK.ground().laid());
    let field = race(&stage, &vec![words; crowd]);
    assert_eq!(field.winners.len(), 1, "{:?}", field.other);
    assert_eq!(field.other.len(), 0, "{:?}", field.other);
    all_name(&field.locked, field.winners[0].0);
    let list = stage.look(&["runs", "list"]);
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(1), "{list}");
    must_be_complete(&stage, &before);
    println!(
        "raced for one target: {crowd} processes, {} proceeded, {} were told who does (exit 6), {} came when it was over (exit 1)",
        field.winners.len(),
        field.locked.len(),
        field.late.len()
    );
    assert!(field.locked.len() * 2 >= crowd, "hardly any met another");
}

/// Two hosts share no lock. A sign of life on AWS keeps them apart as soon as
/// there is a VPC; within the seconds before that both may begin, and then the
/// steps refuse what collides.
#[test]
fn of_many_on_two_hosts_one_proceeds_or_none() {
    let mut home = Home::new();
    let mut stage = served(&mut home);
    let before = Picture::of(stage.home);
    let crowd = crowd();
    let states = ["one.db", "two.db"].map(|name| {
        let path = stage.home.path().join("state").join(name);
        path.display().to_string()
    });
    let words = WORK.words(&WORK.ground().laid());
    let commands: Vec<Vec<String>> = (0..crowd)
        .map(|number| {
            let state = ["--state".to_owned(), states[number % 2].clone()];
            [&state[..], &words].concat()
        })
        .collect();
    let field = race(&stage, &commands);
    let mut begun = 0;
    let mut undone = 0;
    for state in &states {
        let list = stage.look(&["--state", state, "runs", "list"]);
        let runs = list["runs"].as_array().cloned().unwrap_or_default();
        begun += runs.len();
        undone += runs
            .iter()
            .filter(|run| run["status"] == "rolled_back")
            .count();
        let open = |run: &&Value| {
            !["succeeded", "rolled_back"].contains(&run["status"].as_str().unwrap_or_default())
        };
        assert_eq!(runs.iter().find(open), None, "a run that did not end");
        let verdict = stage.look(&["--state", state, "runs", "verify"]);
        assert_eq!(verdict["whole"], true, "{verdict}");
    }
    for done in &field.other {
        assert_eq!(done.code, 4, "{done:#?}");
    }
    assert!(field.winners.len() <= 1, "{:#?}", field.winners);
    let after = Picture::of(stage.home);
    if field.winners.is_empty() {
        assert_eq!(after.more_than(&before).0, [""; 0], "left behind");
        assert_eq!(after, before);
    } else {
        must_be_complete(&stage, &before);
    }
    println!(
        "raced on two hosts for one target: {crowd} processes, {begun} runs begun, {} proceeded, {} were told who does (exit 6), {undone} were undone (exit 4), {} came when it was over (exit 1)",
        field.winners.len(),
        field.locked.len(),
        field.late.len()
    );
    assert!(field.locked.len() * 2 >= crowd, "hardly any met another");
}
