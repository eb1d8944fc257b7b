//! The guide and the code behind it.

use std::fs;
use std::path::Path;

/// The guide shows the step that its later examples use.
#[test]
fn the_guide_shows_the_step() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a file");
    let (guide, note) = (read("../docs/engine.md"), read("src/note.rs"));
    let (_, code) = note.split_once("\n\n").expect("a comment and code");
    assert!(
        guide.contains(code.trim_end()),
        "docs/engine.md and src/note.rs differ"
    );
}

/// The README's figures are those of the sources.
#[test]
fn the_count_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| fs::read_to_string(path).expect("a file");
    let count = |path: &Path| {
        let text = read(path);
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count()
    };
    let shell = count(&root.join("src/main.rs"));
    let steps = fs::read_dir(root.join("src/steps")).expect("a folder");
    let steps: usize = steps
        .map(|entry| count(&entry.expect("an entry").path()))
        .sum();
    let workflow = steps + count(&root.join("src/release.rs")) + count(&root.join("src/site.rs"));
    assert!(shell <= 60, "the shell has {shell} lines");
    let said = format!("{shell} lines of shell and {workflow} of business");
    assert!(
        read(&root.join("README.md")).contains(&said),
        "README.md does not say: {said}"
    );
}
