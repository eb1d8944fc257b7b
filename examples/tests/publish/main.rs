//! The workflow under everything that can happen to it.

mod changed;
mod command;
mod guide;
mod half;
mod kit;
mod site;
