//! The real command on storage that fails it: full, read-only, damaged, in use,
//! taken away, or somebody else's.

mod busy;
mod clock;
mod copy;
mod damage;
mod deed;
mod disk;
mod full;
mod ground;
mod moved;
mod owners;
mod pages;
mod readonly;
mod remains;
mod scarce;
mod shared;
mod strangers;
