//! What is printed: data on stdout, everything else on stderr.

pub mod events;
pub mod outcome;
pub mod plan;
pub mod printer;
pub mod show;
pub mod show_json;
pub mod style;
pub mod table;
pub mod time;

pub use printer::Printer;
pub mod verdict;
