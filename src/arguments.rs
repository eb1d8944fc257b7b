//! The command line: what goes with every command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::commands::Command;

/// Provisions Amazon Aurora PostgreSQL for Keycloak on ROSA as resumable,
/// reversible step graphs.
#[derive(Debug, Parser)]
#[command(
    name = "stepwell",
    version = crate::VERSION,
    propagate_version = true,
    after_help = crate::exit::table(),
    max_term_width = 100
)]
pub struct Arguments {
    /// What goes with every command.
    #[command(flatten)]
    pub global: GlobalArguments,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Arguments that go with every command.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArguments {
    /// Use the simulated account that lives beside the state file, not AWS
    #[arg(long, global = true)]
    pub sandbox: bool,

    /// How many times as fast as real time the sandbox runs: a number, or `max` for no waiting at
    /// all [default: 60]
    #[arg(long, global = true, value_name = "N|max")]
    pub sandbox_speed: Option<String>,

    /// The file with the history of all runs [env: STEPWELL_STATE] [default: stepwell/state.db in
    /// the XDG state home]
    #[arg(long, global = true, value_name = "PATH")]
    pub state: Option<PathBuf>,

    /// Write to this state file, or make it, although it or its folder belongs to another user
    #[arg(long, global = true, value_name = "PATH")]
    pub trust_state: Option<PathBuf>,

    /// Run this by the shell whenever a run ends or is suspended; it gets the run's JSON on stdin
    /// [env: STEPWELL_ON_FINISH]
    #[arg(long, global = true, value_name = "COMMAND")]
    pub on_finish: Option<String>,

    /// Another endpoint than AWS's own, for example an emulator's [env: AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "sandbox")]
    pub endpoint_url: Option<String>,

    /// The form of what is printed on stdout, and of errors on stderr
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORM",
        default_value = "text",
        hide_possible_values = true,
        long_help = "The form of what is printed on stdout, and of errors on stderr:\n\
                     text   for people\n\
                     json   one document\n\
                     jsonl  for workflows, every event as a line as soon as it is durable, then the document"
    )]
    pub output: Output,

    /// Confirm what destroys data, without being asked
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,

    /// Show people this machine's time instead of UTC
    #[arg(long, global = true)]
    pub local_time: bool,

    /// Say more, on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// When to use colour [env: NO_COLOR]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: When,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// A JSON object per line.
    Jsonl,
}

impl Output {
    /// Whether programs read it.
    pub fn is_json(self) -> bool {
        self != Self::Text
    }

    /// What the command line asks for, as far as that can be told when it
    /// can't be parsed as a whole.
    pub fn guess(arguments: &[OsString]) -> Self {
        let mut guess = Self::Text;
        let mut words = arguments.iter().filter_map(|word| word.to_str()).peekable();
        while let Some(word) = words.next() {
            let value = match word {
                "--" => break,
                "-o" | "--output" => words.peek().copied(),
                _ => word
                    .strip_prefix("--output=")
                    .or_else(|| word.strip_prefix("-o=").or_else(|| word.strip_prefix("-o"))),
            };
            match value {
                Some("json") => guess = Self::Json,
                Some("jsonl") => guess = Self::Jsonl,
                Some("text") => guess = Self::Text,
                _ => {}
            }
        }
        guess
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Arguments {
    /// The words of a command line as they are parsed. `step done` takes the
    /// output of a step by the name that stands for the form of what is printed
    /// everywhere; no JSON is one of the forms.
    pub fn words(mut words: Vec<OsString>) -> Vec<OsString> {
        let place = |word: &str| words.iter().position(|found| found == word);
        if !matches!((place("step"), place("done")), (Some(step), Some(done)) if done == step + 1) {
            return words;
        }
        let is_form = |text: &str| Output::from_str(text, false).is_ok();
        let mut next = 1;
        while next < words.len() && words[next] != "--" {
            let word = words[next].to_str().unwrap_or_default();
            let value = words.get(next + 1).and_then(|value| value.to_str());
            if word == "--output" && value.is_some_and(|value| !is_form(value)) {
                words[next] = OsString::from("--result");
            } else if let Some(value) = word.strip_prefix("--output=")
                && !is_form(value)
            {
                words[next] = OsString::from(format!("--result={value}"));
            }
            next += 1;
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_a_step_is_no_form() {
        let words = |line: &str| -> Vec<String> {
            let words = line.split(' ').map(OsString::from).collect();
            let words = Arguments::words(words).into_iter();
            words
                .map(|word| word.into_string().expect("text"))
                .collect()
        };
        assert_eq!(
            words("stepwell step done 1 vpc --output {} -o json").join(" "),
            "stepwell step done 1 vpc --result {} -o json"
        );
        assert_eq!(words("s step done 1 vpc --output=null")[5], "--result=null");
        assert_eq!(words("s step done 1 vpc --output json")[5], "--output");
        assert_eq!(words("s runs show done --output {}")[4], "--output");
    }
}
