//! The worlds in which trials begin: sandboxes made once by plain commands, and
//! copied into each trial's home.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::work::Work;
use crate::command::harness::{Home, KEYCLOAK, MAX};
use crate::command::peering::ground::{THERE, lay_out};

/// What is there before a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ground {
    /// Nothing.
    Empty,
    /// A snapshot of a cluster that is gone.
    Saved,
    /// A cluster of two instances.
    Cluster,
    /// The same, and a ROSA network in its region and one in another.
    Networks,
    /// The same, with a peering to each.
    Peered,
    /// Clusters in two regions, one of which is to be kept.
    Several,
}

/// A ground that was laid.
pub(crate) struct Laid {
    /// The sandbox's file; none for an empty one.
    pub(crate) file: Option<Vec<u8>>,
    /// Region and VPC of the ROSA networks: the near one, and the far one.
    pub(crate) networks: Vec<(String, String)>,
}

impl Ground {
    /// The ground, laid by whoever asks first.
    pub(crate) fn laid(self) -> Arc<Laid> {
        static LAID: OnceLock<Mutex<HashMap<Ground, Arc<Laid>>>> = OnceLock::new();
        let laid = LAID.get_or_init(Mutex::default);
        // One at a time: a second one would only lay the same again.
        let mut laid = laid.lock().unwrap_or_else(PoisonError::into_inner);
        laid.entry(self)
            .or_insert_with(|| Arc::new(self.lay()))
            .clone()
    }

    fn lay(self) -> Laid {
        let home = Home::new();
        let mut networks = Vec::new();
        let range = ["--vpc-cidr", "192.168.7.0/24"];
        match self {
            Self::Empty => {
                return Laid {
                    file: None,
                    networks,
                };
            }
            Self::Saved => {
                home.create(0, &range);
                let words = ["aurora", "delete", "--yes", "--final-snapshot", "farewell"];
                home.max(0, &[&words, &KEYCLOAK[..]].concat());
            }
            Self::Cluster => drop(home.create(0, &[&range[..], &["--instances", "2"]].concat())),
            Self::Networks | Self::Peered => {
                home.create(0, &[&range[..], &["--instances", "2"]].concat());
                for (region, range) in [("eu-west-1", "10.1.0.0/16"), (THERE, "10.2.0.0/16")] {
                    networks.push((region.to_owned(), lay_out(&home, region, range).vpc));
                }
            }
            Self::Several => {
                for (cluster, region, range, more) in [
                    ("one", "eu-west-1", "192.168.7.0/24", &[][..]),
                    ("two", "us-west-1", "192.168.8.0/24", &["--instances", "2"]),
                    (
                        "kept",
                        "eu-west-1",
                        "192.168.9.0/24",
                        &["--tag", "keepalive="],
                    ),
                ] {
                    let words = ["aurora", "create", "--cluster", cluster, "--region", region];
                    let words = [&words[..], &["--vpc-cidr", range], more].concat();
                    home.max(0, &words);
                }
            }
        }
        let laid = |file| Laid {
            file: Some(file),
            networks: networks.clone(),
        };
        if self == Self::Peered {
            for across in [false, true] {
                let words = Work::Peer { across }.words(&laid(Vec::new()));
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                home.expect(0, &[&MAX[..], &words].concat());
            }
        }
        laid(fs::read(home.sandbox()).expect("the sandbox"))
    }
}

impl Laid {
    /// Lays the same in another home.
    pub(crate) fn copy_to(&self, home: &Home) {
        let Some(file) = &self.file else { return };
        let path = home.sandbox();
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, file).expect("a copy");
    }
}
