//! Time and randomness of the tests.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use stepwell_engine::{BoxFuture, Clock, Timestamp};
use stepwell_sandbox::Time;

/// The engine's clock as the sandbox's time: both jump together.
pub(crate) struct VirtualTime(pub(crate) Arc<dyn Clock>);

impl Time for VirtualTime {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(duration)
    }
}

/// Time that stands still: that of an account which is only copied.
pub(crate) struct Still;

impl Time for Still {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

/// A clock whose random numbers follow from a seed, so that a run can be
/// repeated to the last call. The first ones may be zero, so that processes
/// draw alike.
pub(crate) struct Seeded {
    inner: Arc<dyn Clock>,
    zeros: AtomicU64,
    state: AtomicU64,
}

impl Seeded {
    pub(crate) fn clock(inner: Arc<dyn Clock>, seed: u64, zeros: u64) -> Arc<dyn Clock> {
        Arc::new(Self {
            inner,
            zeros: AtomicU64::new(zeros),
            state: AtomicU64::new(seed),
        })
    }
}

impl Clock for Seeded {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        self.inner.to_wall(duration)
    }

    fn random(&self) -> u64 {
        let fewer = |left: u64| left.checked_sub(1);
        if self
            .zeros
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
        {
            return 0;
        }
        stepwell_testkit::mix(
            self.state
                .fetch_add(stepwell_testkit::STEP, Ordering::SeqCst),
        )
    }
}

/// A clock that waits only a part as long for what is outside, so that a test
/// of such a bound takes milliseconds.
pub(crate) struct Hasty {
    inner: Arc<dyn Clock>,
    times: u32,
}

impl Hasty {
    pub(crate) fn clock(inner: Arc<dyn Clock>, times: u32) -> Arc<dyn Clock> {
        Arc::new(Self { inner, times })
    }
}

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        self.inner.to_wall(duration)
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }

    fn outside(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.outside(duration / self.times)
    }
}

/// The clock of a process that begins at some moment.
pub(crate) struct Later {
    inner: Arc<dyn Clock>,
    start: Timestamp,
}

impl Later {
    /// `inner` must begin now.
    pub(crate) fn clock(inner: Arc<dyn Clock>, start: Timestamp) -> Arc<dyn Clock> {
        Arc::new(Self { inner, start })
    }
}

impl Clock for Later {
    fn now(&self) -> Timestamp {
        self.start.plus(self.inner.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        self.inner.to_wall(duration)
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}
