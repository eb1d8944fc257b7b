//! The checksums of a release's files.

use std::fs;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stepwell_engine::{Attempt, Effect, Fault, Step};

use crate::site::{Site, failed};

/// The checksum of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sum {
    /// Its name.
    pub path: String,
    /// The checksum, in hexadecimal digits.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Reads the files and computes their checksums.
#[derive(Serialize, Deserialize)]
pub struct Checksums {}

impl Step for Checksums {
    type Context = Site;
    type Input = (String, Vec<String>, String);
    type Output = Vec<Sum>;
    const KIND: &'static str = "checksums";
    const EFFECT: Effect = Effect::Read;

    async fn run(
        &self,
        at: &Attempt<Site>,
        (folder, pages, index): &Self::Input,
    ) -> Result<Vec<Sum>, Fault> {
        let folder = at.context().release(folder);
        let files: Vec<String> = pages.iter().chain([index]).cloned().collect();
        let sum = move |path: String| {
            let file = folder.join(&path);
            let bytes = fs::read(&file).map_err(|error| failed("read", &file, &error))?;
            let digits = Sha256::digest(&bytes);
            let sha256 = digits.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Sum {
                path,
                sha256,
                size: bytes.len() as u64,
            })
        };
        at.blocking(move || files.into_iter().map(sum).collect())
            .await
    }
}
