//! What is printed: data on stdout, everything else on stderr.

pub mod checks;
pub mod events;
pub mod file;
pub mod keycloak;
pub mod not_understood;
pub mod outcome;
pub mod people;
pub mod plan;
pub mod printer;
pub mod queue;
pub mod reaping;
pub mod shell;
pub mod show;
pub mod show_json;
pub mod size;
pub mod skipped;
pub mod style;
pub mod table;
pub mod time;
pub mod undoing;

pub use printer::Printer;
pub mod verdict;
pub mod yaml;
