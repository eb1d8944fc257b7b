//! How the progress of a run is shown.

/// How the progress of a run is shown on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// Lines scroll above a block that shows what is under way.
    Live,
    /// Lines only, with a heartbeat when nothing happens.
    Lines,
}

impl Display {
    /// A live block needs a terminal that can move its cursor and a person who
    /// looks at it.
    pub fn choose(stderr_is_terminal: bool, ci: bool, dumb: bool) -> Self {
        if stderr_is_terminal && !ci && !dumb {
            Self::Live
        } else {
            Self::Lines
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Display;

    #[test]
    fn live_only_where_a_person_looks() {
        assert_eq!(Display::choose(true, false, false), Display::Live);
        for (terminal, ci, dumb) in [
            (false, false, false),
            (true, true, false),
            (true, false, true),
            (false, true, true),
        ] {
            assert_eq!(Display::choose(terminal, ci, dumb), Display::Lines);
        }
    }
}
