//! One moto server with microburst in front of it for many tests, each in an
//! AWS account of its own.
//!
//! Starting the two and letting them read what they know of AWS takes some
//! eight seconds of CPU; a new account takes next to nothing, and has nothing
//! in it that another test left. Rules of microburst go by the access key, so
//! tests can be under fire side by side.

use std::sync::{Arc, Mutex, PoisonError};

use super::account::value;
use super::http;
use super::server::Server;

/// After so many accounts there are new servers: moto forgets nothing, and an
/// account takes some five megabytes.
const ACCOUNTS: u64 = 150;

/// The servers, and how many accounts they have.
struct Ground {
    moto: Arc<Server>,
    microburst: Option<Arc<Server>>,
    accounts: u64,
}

static GROUND: Mutex<Option<Ground>> = Mutex::new(None);

/// An account with nothing in it but what every account has.
pub(super) struct Plot {
    pub(super) moto: Arc<Server>,
    pub(super) microburst: Option<Arc<Server>>,
    /// An access key, by which both servers know the account.
    pub(super) key: String,
}

impl Plot {
    #[track_caller]
    pub(super) fn new(with_faults: bool) -> Self {
        let mut ground = GROUND.lock().unwrap_or_else(PoisonError::into_inner);
        if ground.as_ref().is_some_and(|old| old.accounts == ACCOUNTS) {
            *ground = None;
        }
        let ground = ground.get_or_insert_with(|| Ground {
            moto: Server::moto().into(),
            microburst: None,
            accounts: 0,
        });
        ground.accounts += 1;
        let moto = ground.moto.clone();
        let microburst = with_faults.then(|| {
            let started = &mut ground.microburst;
            started
                .get_or_insert_with(|| Server::microburst(&moto).into())
                .clone()
        });
        let key = access_key(moto.port(), 200_000_000_000 + ground.accounts);
        Self {
            moto,
            microburst,
            key,
        }
    }
}

/// The key of a role in an account.
#[track_caller]
fn access_key(port: u16, account: u64) -> String {
    let role = format!("arn:aws:iam::{account}:role/tests");
    let form = [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", &role),
        ("RoleSessionName", "tests"),
    ];
    let answer = http::query(port, "test", "sts", "us-east-1", &form);
    value(&answer.expect("an account"), "AccessKeyId")
}
