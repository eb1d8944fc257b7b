//! A scanner that works in the background, asked by one step and awaited by
//! another.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};
use tokio::process::Command;

use crate::site::{Site, failed, unless_missing};

/// Stands for a scanner. Its verdict is the request under another name, so where
/// the request is taken back no verdict follows.
const SCANNER: &str = r#"
    sleep "$3"
    if grep --quiet --recursive DRAFT "$1"; then verdict=refused; else verdict=clean; fi
    mv "$2" "$2.$verdict"
"#;

fn request(at: &Attempt<Site>, folder: &str) -> PathBuf {
    at.context().path("scans").join(folder)
}

fn verdict(at: &Attempt<Site>, folder: &str) -> Option<&'static str> {
    let is_there = |verdict: &&str| request(at, &format!("{folder}.{verdict}")).exists();
    ["clean", "refused"].into_iter().find(is_there)
}

/// Asks for a scan, and has a scanner look at it that lives on by itself.
#[derive(Serialize, Deserialize)]
pub struct AskForScan {
    /// How long the scanner takes.
    pub milliseconds: u32,
}

impl Step for AskForScan {
    type Context = Site;
    type Input = String;
    type Output = ();
    const KIND: &'static str = "ask-for-scan";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Site>, folder: &String) -> Result<Found<()>, Fault> {
        Ok(match verdict(at, folder) {
            Some(_) => Found::Ours(()),
            // Nobody knows whether a scanner was started for it.
            None if request(at, folder).exists() => Found::Partial(()),
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Site>, folder: &String) -> Result<(), Fault> {
        let request = request(at, folder);
        fs::write(&request, []).map_err(|error| failed("write", &request, &error))?;
        let seconds = f64::from(self.milliseconds) / 1000.0;
        let mut scanner = Command::new("sh");
        scanner.args(["-c", SCANNER, "sh"]);
        scanner
            .arg(at.context().release(folder))
            .arg(request)
            .arg(seconds.to_string());
        scanner
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let started = scanner.process_group(0).spawn();
        started.map(drop).map_err(|error| {
            Fault::permanent("the scanner can't be started").with_cause(error.to_string())
        })
    }

    async fn undo(&self, at: &Attempt<Site>, folder: &String, (): &()) -> Result<(), Fault> {
        // The request first: then no scanner adds a verdict.
        for ending in ["", ".clean", ".refused"] {
            let file = request(at, &format!("{folder}{ending}"));
            let removed = unless_missing(fs::remove_file(&file));
            removed.map_err(|error| failed("remove", &file, &error))?;
        }
        Ok(())
    }
}

/// Waits for the scanner's verdict.
#[derive(Serialize, Deserialize)]
pub struct Scan {}

impl Step for Scan {
    type Context = Site;
    type Input = String;
    type Output = ();
    const KIND: &'static str = "scan";
    const EFFECT: Effect = Effect::Wait;

    /// After a minute the run is suspended, not rolled back: a scanner that is
    /// late is no reason to undo anything.
    fn policy(&self) -> Policy {
        Policy {
            deadline: Duration::from_secs(60),
            timeout: Duration::from_secs(60),
            ..Policy::of(Self::EFFECT)
        }
    }

    async fn run(&self, at: &Attempt<Site>, folder: &String) -> Result<(), Fault> {
        loop {
            match verdict(at, folder) {
                Some("clean") => return Ok(()),
                Some(_) => return Err(Fault::permanent("the scanner found a draft")),
                None => {
                    at.progress("the scanner is at work");
                    at.pause(Duration::from_millis(20)).await;
                }
            }
        }
    }
}
