//! The step of the guide, for those of its examples that come after the first.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Step};

/// What the steps work on: a folder of notes.
pub struct Notes {
    /// The folder.
    pub folder: PathBuf,
}

/// Writes a note.
#[derive(Serialize, Deserialize)]
pub struct WriteNote {
    /// The file's name.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl Step for WriteNote {
    type Context = Notes;
    type Input = ();
    type Output = String;
    const KIND: &'static str = "write-note";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Notes>, (): &()) -> Result<Found<String>, Fault> {
        let wanted = format!("{}\n{}\n", at.key(), self.text);
        let found = match fs::read_to_string(at.context().folder.join(&self.name)) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => {
                let fault = Fault::permanent(format!("can't read the note {}", self.name));
                return Err(fault.with_cause(error.to_string()));
            }
        };
        Ok(if found == wanted {
            Found::Ours(self.name.clone())
        } else if wanted.starts_with(&found) {
            Found::Partial(self.name.clone())
        } else {
            Found::Theirs(self.name.clone())
        })
    }

    async fn run(&self, at: &Attempt<Notes>, (): &()) -> Result<String, Fault> {
        let wanted = format!("{}\n{}\n", at.key(), self.text);
        match fs::write(at.context().folder.join(&self.name), wanted) {
            Ok(()) => Ok(self.name.clone()),
            Err(error) => {
                let fault = Fault::permanent(format!("can't write the note {}", self.name));
                Err(fault.with_cause(error.to_string()))
            }
        }
    }

    async fn undo(&self, at: &Attempt<Notes>, (): &(), name: &String) -> Result<(), Fault> {
        match fs::remove_file(at.context().folder.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let fault = Fault::permanent(format!("can't remove the note {name}"));
                Err(fault.with_cause(error.to_string()))
            }
            _ => Ok(()),
        }
    }
}
