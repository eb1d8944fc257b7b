//! The command `publish`: all that is not the workflow itself.

use std::error::Error;
use std::sync::Arc;

use stepwell_engine::event::EventBody;
use stepwell_engine::{Event, Observer, RollbackRequest, Runner, stop_channel};
use stepwell_examples::{Release, Site, registry};
use stepwell_state::{Access, Store};

const USAGE: &str =
    "publish SITE start|plan VERSION [--keep], publish SITE resume|rollback|show RUN";

/// Prints what happens, a line an event.
struct Lines;

impl Observer for Lines {
    fn event(&self, event: &Event) {
        let step = event.body.step().map_or("", |step| step);
        match &event.body {
            EventBody::AttemptFailed { fault, .. } => println!("{step} failed: {fault}"),
            body => println!("{} {step}", body.kind()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, verb, name, options @ ..] = &arguments[..] else {
        return Err(USAGE.into());
    };
    let site = Site::open(root)?;
    let store = Arc::new(Store::open(&site.path("runs.db"), Access::ReadWrite)?);
    let (stopper, stop) = stop_channel();
    tokio::spawn(async move { tokio::signal::ctrl_c().await.map(|()| stopper.stop()) });
    let mut runner = Runner::new(store.clone(), registry(), site.clone());
    (runner.executor.observer, runner.executor.stop) = (Arc::new(Lines), stop);
    let run = || store.find(name).map(|row| row.id);
    let release = Release::new(name, options.contains(&"--keep".to_owned()));
    let graph = || Ok::<_, Box<dyn Error>>(release.graph(Release::survey(&site)?)?);
    let report = match &verb[..] {
        "start" => runner.start(release.created(), &graph()?).await?,
        "plan" => {
            for step in runner.plan(&graph()?).await? {
                println!("{:?} {}", step.change, step.name);
            }
            return Ok(());
        }
        "resume" => runner.resume(run()?).await?,
        "rollback" => runner.rollback(run()?, RollbackRequest::default()).await?,
        "show" => {
            for step in runner.summary(run()?).await?.steps {
                println!("{} {} ({})", step.name, step.status, step.attempts.len());
            }
            return Ok(());
        }
        _ => return Err(USAGE.into()),
    };
    let state = runner.summary(report.run).await?.state;
    println!("run {} {state}", report.run);
    match report.fault {
        None => Ok(()),
        Some((step, fault)) => Err(format!("{step}: {fault}").into()),
    }
}
