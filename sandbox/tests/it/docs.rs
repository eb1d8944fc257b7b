//! The documentation and the table of operations say the same.

use std::path::Path;
use stepwell_sandbox::operations;

#[test]
fn every_operation_is_documented_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sandbox.md");
    let text = std::fs::read_to_string(path).unwrap();
    for one in operations() {
        let row = format!("| {} | `{}` | {} |", one.service, one.name, one.simplified);
        assert!(text.contains(&row), "docs/sandbox.md lacks the row\n{row}");
    }
    let rows = text.lines().filter(|line| {
        ["| ec2 |", "| rds |", "| sts |", "| secretsmanager |"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    assert_eq!(rows.count(), operations().len());
}

#[test]
fn the_table_has_no_doubles() {
    let mut names: Vec<_> = operations()
        .iter()
        .map(|one| (one.service, one.name))
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}
