//! The steps.

mod archive;
mod catalogue;
mod checksums;
mod files;
mod folder;
mod link;
mod scan;

pub use archive::Archive;
pub use catalogue::Catalogue;
pub use checksums::{Checksums, Sum};
pub use files::{Index, Manifest, Page};
pub use folder::{DeletePrevious, Folder};
pub use link::{Previous, Probe, Published, Switch};
pub use scan::{AskForScan, Scan};
