//! Paths that people give, and how the command is called again with the same state.

use std::path::{Path, PathBuf};

use super::place::named;
use super::state::{self, Place};
use crate::arguments::GlobalArguments;
use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;
use crate::report::shell;

/// The path as it was given. One that begins with a tilde was meant for a shell,
/// which does not expand it in quotes, after `=` or in a file of variables; taken
/// by its letters it would name a folder called `~`.
pub fn given<'a>(
    flag: &str,
    variable: Option<Variable>,
    path: &'a Path,
) -> Result<&'a Path, Problem> {
    let first = path.components().next();
    let tilde = first.is_some_and(|first| first.as_os_str().as_encoded_bytes().starts_with(b"~"));
    if !tilde {
        return Ok(path);
    }
    let path = path.display();
    Err(Problem::usage(format!(
        "{} {:?} begins with a tilde that no shell has expanded; allowed: the whole path, or ./{path} for what is really called so",
        named(flag, variable),
        path.to_string()
    )))
}

/// The state file, and how the command is to be called again with it, from
/// whatever folder.
pub(super) fn state_file(
    global: &GlobalArguments,
    environment: &Environment,
) -> Result<(Place, String), Problem> {
    let unnamed = unnamed(environment);
    let place = match &global.state {
        Some(path) => Place::named(absolute(None, path)?),
        None => unnamed.clone()?,
    };
    let Ok(path) = &place.path else {
        return Ok((place, "stepwell".to_owned()));
    };
    // Where it is found by HOME alone, it is found from anywhere.
    let usual = environment.path(environment::HOME).map(|home| usual(&home));
    let is_unnamed = unnamed.is_ok_and(|unnamed| unnamed.path.as_ref() == Ok(path));
    let invocation = match Some(path) == usual.as_ref() && is_unnamed {
        true => "stepwell".to_owned(),
        false => format!("stepwell --state {}", shell::quote(&path.to_string_lossy())),
    };
    Ok((place, invocation))
}

/// The state file where `--state` names none.
fn unnamed(environment: &Environment) -> Result<Place, Problem> {
    if let Some(path) = environment.path(environment::STEPWELL_STATE) {
        let path = absolute(Some(environment::STEPWELL_STATE), &path)?;
        return Ok(Place::named(path));
    }
    for variable in [environment::XDG_STATE_HOME, environment::HOME] {
        if let Some(path) = environment.path(variable) {
            given("--state", Some(variable), &path)?;
        }
    }
    Ok(state::default_place(environment))
}

fn usual(home: &Path) -> PathBuf {
    home.join(".local/state/stepwell/state.db")
}

pub(super) fn absolute(variable: Option<Variable>, path: &Path) -> Result<PathBuf, Problem> {
    std::path::absolute(given("--state", variable, path)?).map_err(|error| {
        Problem::usage(format!(
            "{} {:?} is not a path",
            named("--state", variable),
            path.display().to_string()
        ))
        .because(&error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(state: Option<&str>, variables: &[(Variable, &str)]) -> String {
        let global = GlobalArguments {
            state: state.map(PathBuf::from),
            ..GlobalArguments::default()
        };
        let environment = Environment::of(variables);
        state_file(&global, &environment).expect("a place").1
    }

    #[test]
    fn the_state_is_named_unless_it_is_found_from_anywhere() {
        use environment::{HOME, STEPWELL_STATE, XDG_STATE_HOME};
        let home = (HOME, "/home/a");
        let usual = "/home/a/.local/state/stepwell/state.db";
        assert_eq!(invocation(None, &[home]), "stepwell");
        assert_eq!(invocation(Some(usual), &[home]), "stepwell");
        assert_eq!(
            invocation(None, &[home, (STEPWELL_STATE, usual)]),
            "stepwell"
        );
        assert_eq!(
            invocation(None, &[home, (STEPWELL_STATE, "/var/my runs.db")]),
            "stepwell --state '/var/my runs.db'"
        );
        assert_eq!(
            invocation(None, &[home, (XDG_STATE_HOME, "/var/x")]),
            "stepwell --state /var/x/stepwell/state.db"
        );
        // Left out, it would be the other one that the variable names.
        assert_eq!(
            invocation(Some(usual), &[home, (STEPWELL_STATE, "/var/x.db")]),
            format!("stepwell --state {usual}")
        );
        assert_eq!(invocation(Some("/x.db"), &[]), "stepwell --state /x.db");
    }

    #[test]
    fn a_tilde_that_no_shell_has_expanded_is_refused() {
        for path in ["~", "~/state.db", "~root/state.db"] {
            let problem = given("--state", None, Path::new(path)).unwrap_err();
            assert_eq!(problem.exit, crate::Exit::Usage);
            assert!(problem.message.contains("tilde"), "{path}");
        }
        for path in ["./~/state.db", "a~", "/home/~", "x/~/y"] {
            assert!(given("--state", None, Path::new(path)).is_ok(), "{path}");
        }
        let xdg = [
            (environment::HOME, "/h"),
            (environment::XDG_STATE_HOME, "~/x"),
        ];
        let problem = state_file(&GlobalArguments::default(), &Environment::of(&xdg)).unwrap_err();
        assert!(problem.message.contains("XDG_STATE_HOME"), "{problem}");
    }
}
