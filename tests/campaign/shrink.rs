//! A smaller trial that fails too, and the script of it.

use super::plan::{Plan, What, When};
use super::trial::{Failure, attempt};

/// How many trials may be spent on it, and how often one is tried: real
/// processes don't fail each time.
const TRIES: usize = 60;
const EACH: usize = 2;

/// The smallest failing plan that is found by taking away, one by one.
pub(crate) fn shrink(plan: Plan, failure: Failure) -> (Plan, Failure) {
    let (mut smallest, mut last) = (plan, failure);
    let mut spent = 0;
    'again: loop {
        for candidate in smaller(&smallest) {
            for _ in 0..EACH {
                if spent == TRIES {
                    return (smallest, last);
                }
                spent += 1;
                if let Err(failure) = attempt(&candidate) {
                    println!(
                        "campaign: shrunk to {} of blows, faults and lives: {}",
                        candidate.size(),
                        first_line(&failure.why)
                    );
                    let _ = std::fs::remove_dir_all(&last.kept);
                    (smallest, last) = (candidate, failure);
                    continue 'again;
                }
            }
        }
        return (smallest, last);
    }
}

/// The same with one thing less, what saves most first.
fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let with = |change: &dyn Fn(&mut Plan)| {
        let mut smaller = plan.clone();
        change(&mut smaller);
        smaller
    };
    for number in 0..plan.lives.len() {
        all.push(with(&|plan| drop(plan.lives.remove(number))));
    }
    for (number, life) in plan.lives.iter().enumerate() {
        for blow in 0..life.blows.len() {
            all.push(with(&|plan| {
                plan.lives[number].blows.remove(blow);
            }));
        }
        for fault in 0..life.faults.len() {
            all.push(with(&|plan| {
                plan.lives[number].faults.remove(fault);
            }));
        }
    }
    all.extend(
        plan.work
            .simpler()
            .into_iter()
            .filter(|&work| work != plan.work)
            .map(|work| with(&|plan| plan.work = work)),
    );
    if plan.back {
        all.push(with(&|plan| plan.back = false));
    }
    if plan.parallel.is_some() {
        all.push(with(&|plan| plan.parallel = None));
    }
    if plan.suspend {
        all.push(with(&|plan| plan.suspend = false));
    }
    for (number, life) in plan.lives.iter().enumerate() {
        if life.back {
            all.push(with(&|plan| plan.lives[number].back = false));
        }
        for (place, fault) in life.faults.iter().enumerate() {
            if fault.times > 1 {
                all.push(with(&|plan| plan.lives[number].faults[place].times = 1));
            }
        }
    }
    all
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A failure as a person can follow it.
pub(crate) fn told(plan: &Plan, failure: &Failure) -> String {
    let kept = failure.kept.display();
    let password = match plan.work.password() {
        None => String::new(),
        Some(password) => format!("export AURORA_PASSWORD={password}\n"),
    };
    let lives: String = (plan.lives.iter())
        .flat_map(|life| &life.blows)
        .map(|blow| match (blow.when, blow.what) {
            (When::Lines(_, micros), What::Kill) if micros > 0 => {
                format!("# a kill came {micros} microseconds after its line\n")
            }
            (When::Millis(millis), what) => format!("# {what:?} came after {millis} ms\n"),
            _ => String::new(),
        })
        .collect();
    format!(
        "{why}\n\
         the seed: {seed}; the smallest plan found: {plan:#?}\n\
         what the processes printed: {kept}/said.txt; the state: {kept}/.local/state/stepwell\n\
         as commands, in a folder of their own:\n\n\
         mkdir -m 700 state; [ ! -e {kept}/before.json ] || cp {kept}/before.json state/sandbox.json\n\
         export STEPWELL_STATE=$PWD/state/state.db AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n\
         {password}{STRUCK}{lives}{script}",
        why = failure.why,
        seed = plan.seed,
        script = failure.script,
    )
}

/// Has each of its signals sent once so many lines are on stderr.
const STRUCK: &str = r#"struck() { # 'LINES SIGNAL …' COMMAND…
  blows=$1; shift; "$@" 2>stderr & pid=$!; set -- $blows
  while [ $# -gt 1 ]; do
    until [ "$(wc -l <stderr)" -ge "$1" ] || ! kill -0 $pid 2>/dev/null; do :; done
    case $2 in SERVER:*) echo "kill -9 the server now, and serve anew after ${2#*:} ms";; *) kill -"$2" $pid;; esac
    shift 2
  done; wait $pid; }
"#;
