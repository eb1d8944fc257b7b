//! The network between a process and the account: calls take their time, and
//! one that is on its way arrives even where its process has died meanwhile.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use stepwell_sandbox::{Account, operations};

use super::ledger::Ledger;
use stepwell_testkit::Chance;

/// How long a call may be under way without its process giving up, in
/// milliseconds: less than what a step in doubt is given to settle.
pub(crate) const LONGEST: u64 = 20_000;

/// The way to an account. It outlives runs: the SDK's clients are dear to make.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<Option<Way>>>);

struct Way {
    account: Account,
    chance: Chance,
    ledger: Arc<Ledger>,
}

impl Network {
    /// Leads to this account from now on.
    pub(crate) fn lead_to(&self, account: Account, seed: u64, ledger: Arc<Ledger>) {
        *self.0.lock().expect("the way") = Some(Way {
            account,
            chance: Chance::new(seed),
            ledger,
        });
    }
}

impl Way {
    /// Sees that nothing is sent whose effect the journal does not expect. It
    /// may arrive later, when another process has settled what became of it.
    fn witness(&self, request: &HttpRequest) {
        let form = request.body().bytes().unwrap_or_default();
        let form = String::from_utf8_lossy(form);
        let action = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="));
        let action = action.unwrap_or_default();
        let changes = operations()
            .iter()
            .any(|known| known.name == action && known.mutates);
        // Signs of life are no effect of any step, and a dry run has none.
        let is_dry_run = form.split('&').any(|pair| pair == "DryRun=true");
        if changes && !is_dry_run && !form.contains("stepwell%3Aalive") {
            self.ledger.sent(action);
        }
    }

    /// How long a call or its answer takes.
    fn delay(&mut self) -> Duration {
        Duration::from_millis(if self.chance.one_in(100) {
            self.chance.between(1000, LONGEST)
        } else {
            self.chance.between(5, 80)
        })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, there, back) = {
            let mut way = self.0.lock().expect("the way");
            let way = way.as_mut().expect("a way");
            way.witness(&request);
            (way.account.http_client(), way.delay(), way.delay())
        };
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            tokio::time::sleep(there).await;
            let answer = client.call(request).await;
            tokio::time::sleep(back).await;
            // Nobody may wait for it any more.
            let _ = sender.send(answer);
        });
        HttpConnectorFuture::new(async move {
            receiver
                .await
                .unwrap_or_else(|gone| Err(ConnectorError::io(Box::new(gone))))
        })
    }
}
