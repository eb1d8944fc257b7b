//! The async runtime: one thread, and paused time where time is virtual.

use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream;

use crate::clock::Pace;
use crate::problem::Problem;

/// Runs `work` to its end on a runtime of the given pace.
pub fn block_on<T>(
    pace: Pace,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let failed = |error| Problem::error("could not start the async runtime").because(&error);
    room().map_err(|error| failed(error).hint("let it open more files (`ulimit -n`)"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(pace.is_virtual())
        .build()
        .map_err(failed)?;
    let result = runtime.block_on(work);
    // What is still under way has been given up on purpose.
    runtime.shutdown_background();
    result
}

/// Whether the files can be opened that a runtime needs: tokio panics where it
/// can't have its pipe for signals.
fn room() -> io::Result<()> {
    let _pairs = [
        UnixStream::pair()?,
        UnixStream::pair()?,
        UnixStream::pair()?,
    ];
    Ok(())
}
