//! Whether two accounts hold the same but for what chance has named.

use std::collections::BTreeMap;

use crate::moto::account::Snapshot;

/// What an account holds, list by list: each element with its text, without
/// regard to order, and how often it is there. Two of a thing differ from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Likeness(BTreeMap<(String, String), usize>);

/// Elements whose text is chance or time.
const CHANCE: [&str; 15] = [
    "ClusterCreateTime",
    "CopyTagsToSnapshot",
    "DBClusterResourceId",
    "DbClusterResourceId",
    "DbiResourceId",
    "EarliestRestorableTime",
    "Endpoint",
    "Address",
    "HostedZoneId",
    "InstanceCreateTime",
    "KmsKeyId",
    "ReaderEndpoint",
    "SecretArn",
    "SnapshotCreateTime",
    "expirationTime",
];

/// Tags whose value is a run, or which only tell that one is at work.
const RUNS: [&str; 2] = ["stepwell:run", "stepwell:alive"];

impl Likeness {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut elements = BTreeMap::new();
        for (list, text) in snapshot.lists() {
            let mut key = "";
            for (tag, text) in leaves(text) {
                let name = match tag {
                    "key" | "Key" => {
                        key = text;
                        continue;
                    }
                    "value" | "Value" if RUNS.contains(&key) => continue,
                    "value" | "Value" => key,
                    tag if CHANCE.contains(&tag) => continue,
                    tag => tag,
                };
                let element = format!("{name} {}", without_chance(text));
                *elements.entry((list.to_owned(), element)).or_default() += 1;
            }
        }
        Self(elements)
    }

    /// Fails with what differs.
    #[track_caller]
    pub(super) fn must_be(&self, other: &Self, context: &str) {
        let mut differences = String::new();
        let all = self.0.keys().chain(other.0.keys());
        let all: std::collections::BTreeSet<_> = all.collect();
        for element in all {
            let count = |of: &Self| of.0.get(element).copied().unwrap_or_default();
            let (now, then) = (count(self), count(other));
            if now != then {
                let (list, element) = element;
                differences += &format!("{list}: {element}: {now} times, not {then}\n");
            }
        }
        assert!(differences.is_empty(), "{context}:\n{differences}");
    }
}

/// The elements that have a text and nothing else.
fn leaves(xml: &str) -> impl Iterator<Item = (&str, &str)> {
    xml.split('<').filter_map(|part| {
        let (tag, text) = part.split_once('>')?;
        let is_leaf = !tag.starts_with(['/', '?']) && !text.trim().is_empty();
        is_leaf.then_some((tag, text))
    })
}

/// A text whose ids are all the same, and whose addresses of Aurora are those
/// of one network.
fn without_chance(text: &str) -> String {
    let mut plain = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain += if is_id { "#" } else { word };
        plain += &part[word.len()..];
    }
    match plain
        .strip_prefix("192.168.")
        .and_then(|rest| rest.split_once('.'))
    {
        Some((_, rest)) => format!("192.168.#.{rest}"),
        None => plain,
    }
}
