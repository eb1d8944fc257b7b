//! The defects of the shell scripts: each has a test that shows it is not ours,
//! and each of these tests is there.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of the page's tables: the defect, and its tests as file and name.
fn rows(page: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .filter_map(|line| line.rsplit_once(" | "))
        .filter(|(defect, _)| !defect.starts_with("The scripts"))
        .map(|(defect, tests)| {
            let tests = tests.split('`').skip(1).step_by(2);
            let split = |test| str::split_once(test, "::").unwrap_or((test, ""));
            (defect, tests.map(split).collect())
        })
        .collect()
}

#[test]
fn every_defect_names_a_test_that_exists() {
    let page = read("docs/defects.md");
    let rows = rows(&page);
    assert!(rows.len() >= 30, "{} rows", rows.len());
    for (defect, tests) in rows {
        assert!(!tests.is_empty(), "no test shows: {defect}");
        for (file, name) in tests {
            let source = read(file);
            let at = source
                .find(&format!("fn {name}("))
                .unwrap_or_else(|| panic!("{file} has no test {name}"));
            // The attributes stand right above.
            let above = source[..at].rsplit("\n\n").next().unwrap_or_default();
            let is_test = above.contains("#[test]") || above.contains("#[tokio::test");
            assert!(is_test, "{name} in {file} is not run as a test");
            assert!(!above.contains("#[ignore"), "{name} in {file} is ignored");
        }
    }
}
