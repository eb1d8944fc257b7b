//! A campaign of random trials with real processes: a workflow on a sandbox
//! that another process serves, faults in it, and `kill -9` at any moment. The
//! account ends complete or as it was before, and the history says what
//! happened.
//!
//! For an hour, or for so many trials with so many kills each at least:
//!
//! ```sh
//! STEPWELL_CAMPAIGN_MINUTES=60 cargo test --test main campaign::random -- --nocapture
//! STEPWELL_CAMPAIGN_RUNS=1000 STEPWELL_CAMPAIGN_KILLS=3 STEPWELL_CAMPAIGN_SEED=7 \
//!     cargo test --test main campaign::random -- --nocapture
//! ```
//!
//! A trial that fails says its seed, and `STEPWELL_CAMPAIGN_SEED` of it with
//! `STEPWELL_CAMPAIGN_RUNS=1` begins with the same one. Beside it: a kill after
//! each line that a process says (`lines`), and many processes at once for one
//! run or one target (`races`).

mod account;
mod ground;
mod history;
mod kubernetes;
mod lines;
mod plan;
mod races;
mod random;
mod shrink;
mod stage;
mod tally;
mod trial;
mod work;

/// A number from the environment, where a person asks for another.
fn asked_for(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{name} {text:?}: {error}"),
    }
}
