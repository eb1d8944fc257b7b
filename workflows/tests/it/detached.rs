//! Requests that arrive at the account also when whoever sent them has given up
//! waiting, or is dead: a real network takes nothing back.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::shared::IntoShared as _;
use stepwell_sandbox::Account;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

#[derive(Debug)]
struct Detached {
    inner: SharedHttpConnector,
    /// They end with the last handle of the client.
    under_way: Arc<Mutex<JoinSet<()>>>,
}

impl HttpConnector for Detached {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (sender, receiver) = oneshot::channel();
        let answer = self.inner.call(request);
        let mut under_way = (self.under_way.lock()).unwrap_or_else(PoisonError::into_inner);
        while under_way.try_join_next().is_some() {}
        under_way.spawn(async move {
            // Nobody may be there to hear it.
            let _ = sender.send(answer.await);
        });
        HttpConnectorFuture::new(async move {
            let gone = |_| Err(ConnectorError::other("the account is gone".into(), None));
            receiver.await.unwrap_or_else(gone)
        })
    }
}

/// A client of an account with such requests.
pub(crate) fn detached(account: &Account) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Detached {
        inner: SharedHttpConnector::new(account.http_client()),
        under_way: Arc::default(),
    });
    http_client_fn(move |_, _| connector.clone()).into_shared()
}
