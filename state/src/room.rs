//! Room in the write-ahead log, made ahead.
//!
//! A file that grows costs a commit of the file system's own journal with each
//! of ours: on ext4 a step took 300 microseconds where it takes 130 over what is
//! there already. So a process that commits often writes the log's whole length
//! once, as zeros.
//!
//! SQLite takes for a part of the log only what carries the log's own salt and
//! checksum; zeros are to it what an older log left behind. They are written
//! while this process has the right to write, so nobody else adds to the log
//! meanwhile, and SQLite keeps no lock on the log that closing it could lose.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use crate::watch::Identity;

/// How many pages the log is to have before it is brought into the file, and
/// written from its beginning again. SQLite's own measure is 1000, for which
/// more would have to be written ahead.
pub(crate) const PAGES: u32 = 250;

/// A page in the log with what stands before it, and some more of them for the
/// last transaction.
const LENGTH: u64 = (PAGES as u64 + 10) * (4096 + 24);

/// What is written at a time; on the stack of each commit it would be in the way.
static ZEROS: [u8; 16 * 4096] = [0; 16 * 4096];

/// After so many transactions a process is taken for one that commits often.
const OFTEN: u32 = 8;

/// Counts transactions until there is room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    transactions: u32,
}

impl Room {
    /// To be called within each transaction that writes. Where no room can be
    /// made the log grows, as it would have.
    pub(crate) fn make(&mut self, log: &Path, file: Identity) {
        self.transactions = self.transactions.saturating_add(1);
        if self.transactions == OFTEN {
            let _ = extend(log, file);
        }
    }
}

fn extend(log: &Path, identity: Identity) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(log)?;
    let found = file.metadata()?;
    if Identity::of(&found) != identity {
        return Ok(());
    }
    fill(&file, found.len()).inspect_err(|_| {
        // A full disk: what there is left is for what has to be recorded.
        let _ = file.set_len(found.len());
    })
}

fn fill(file: &File, from: u64) -> io::Result<()> {
    let mut at = from;
    while at < LENGTH {
        let most = usize::try_from(LENGTH - at).unwrap_or(usize::MAX);
        let part = &ZEROS[..most.min(ZEROS.len())];
        file.write_all_at(part, at)?;
        at += part.len() as u64;
    }
    Ok(())
}
