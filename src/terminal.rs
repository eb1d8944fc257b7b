//! What the standard streams are connected to.

use std::io::IsTerminal;

/// What the standard streams are connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Whether a person can type on stdin.
    pub stdin: bool,
    /// Whether stdout is a terminal.
    pub stdout: bool,
    /// Whether stderr is a terminal.
    pub stderr: bool,
}

impl Terminal {
    /// Looks at the process's streams.
    pub fn detect() -> Self {
        Self {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        }
    }

    /// Whether a person can be asked: the question goes to stderr.
    pub fn is_interactive(&self) -> bool {
        self.stdin && self.stderr
    }
}

/// How many columns stderr has now; people change the size of their windows.
pub fn stderr_width() -> usize {
    rustix::termios::tcgetwinsize(std::io::stderr())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|&columns| columns > 0)
        .unwrap_or(80)
}

/// How many rows stderr has now.
pub fn stderr_height() -> usize {
    rustix::termios::tcgetwinsize(std::io::stderr())
        .ok()
        .map(|size| usize::from(size.ws_row))
        .filter(|&rows| rows > 0)
        .unwrap_or(24)
}
