//! Too few open files.

use super::deed::{Deed, Tally};
use super::ground::Ground;
use crate::command::harness::finish;

#[test]
fn too_few_files_may_be_open() {
    let ground = Ground::new();
    let mut tally = Tally::default();
    let deed = Deed::Create;
    for limit in 4..24 {
        ground.shell("find . -mindepth 1 -delete");
        let before = ground.look();
        let line = format!("ulimit -n {limit}; exec \"$@\"");
        let done = finish(ground.command(&["/bin/sh", "-c", &line, "sh"], &deed.words()));
        // Below some number not even the program can be loaded (127), and
        // before the state comes the runtime.
        assert!(matches!(done.code, 0 | 1 | 3 | 127), "{limit}: {done:#?}");
        assert!(!done.stderr.contains("panicked"), "{limit}: {done:#?}");
        if done.code == 1 {
            let said = done.error().to_string();
            assert!(
                said.contains("open files") || said.contains("ulimit -n"),
                "{limit}: {done:#?}"
            );
        }
        let told = match done.code {
            0 => super::deed::Told::Done,
            3 => super::deed::Told::Suspended,
            _ => super::deed::Told::Failed,
        };
        tally.add(told, ground.must_be_recorded(&before));
        deed.must_end(&ground);
    }
    println!("limits on open files: {}", tally.text());
    assert!(tally.failed > 2 && tally.done > 0, "{tally:?}");
}
