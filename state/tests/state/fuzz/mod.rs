//! Random histories, and what becomes of them in a file that something else
//! wrote to.

mod damage;
mod events;
mod history;
mod possible;
