//! A route that leads to the peering.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::connection::Connection;
use crate::aws::call::{has_code, unless_gone};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, POLICY, remove};
use crate::peering::create::parameters::Before;
use crate::peering::end::End;
use crate::peering::routes::{self, RouteTarget, Standing};

/// Adds the route to a table, or turns a stale one to the peering.
///
/// Routes carry no tags. How the route stood before is part of the step, and
/// so recorded before anything is changed: that, and that it leads to the
/// peering now, says what is this run's own and what to put back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateRoute {
    pub(crate) end: End,
    pub(crate) table: String,
    pub(crate) destination: Ipv4Net,
    pub(crate) before: Before,
}

/// A route to the peering.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteMade {
    pub(crate) route_table_id: String,
    pub(crate) destination: Ipv4Net,
    /// Where it led before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<RouteTarget>,
}

impl CreateRoute {
    async fn look(&self, at: &Attempt<Aws>) -> Result<Option<Option<Standing>>, Fault> {
        let table = routes::table(at.context(), &self.end, &self.table).await?;
        Ok(table.map(|table| routes::to(&table, &self.destination.into())))
    }

    fn made(&self) -> RouteMade {
        RouteMade {
            route_table_id: self.table.clone(),
            destination: self.destination,
            replaced: match &self.before {
                Before::Stale(target) => Some(target.clone()),
                Before::Absent | Before::Same => None,
            },
        }
    }

    /// Whether a route is the stale one that the survey found.
    fn is_former(&self, route: &Standing) -> bool {
        route.blackhole && matches!(&self.before, Before::Stale(target) if *target == route.target)
    }

    fn in_the_way(&self, route: &Standing) -> Fault {
        Fault::permanent(format!(
            "{} has a route for {} to {} now, which is not this run's",
            self.table, self.destination, route.target
        ))
        .with_hint("remove it, or run `stepwell peering create` again to have it looked at anew")
    }
}

impl Step for CreateRoute {
    type Context = Aws;
    type Input = Connection;
    type Output = RouteMade;
    const KIND: &'static str = "create-route";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        connection: &Connection,
    ) -> Result<Found<RouteMade>, Fault> {
        let Some(found) = confirmed(at, || self.look(at)).await? else {
            if at.undoing() {
                return Ok(Found::Nothing);
            }
            return Err(Fault::permanent(format!("{} has vanished", self.table))
                .with_hint("somebody or something else deleted it"));
        };
        match found {
            None => Ok(Found::Nothing),
            Some(route) if route.leads_to(&connection.peering_id) => {
                Ok(if self.before == Before::Same {
                    Found::Theirs(self.made())
                } else {
                    Found::Ours(self.made())
                })
            }
            Some(route) if self.is_former(&route) || at.undoing() => Ok(Found::Nothing),
            Some(route) => Err(self.in_the_way(&route)),
        }
    }

    async fn run(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<RouteMade, Fault> {
        let (aws, id) = (at.context(), &connection.peering_id);
        let stands = self.look(at).await?.flatten();
        let answer = match stands {
            Some(route) if self.is_former(&route) => {
                let target = RouteTarget::peering(id);
                routes::replace(aws, &self.end, &self.table, self.destination, &target).await
            }
            Some(route) if !route.leads_to(id) => return Err(self.in_the_way(&route)),
            _ => routes::create(aws, &self.end, &self.table, self.destination, id).await,
        };
        match answer {
            Ok(()) => Ok(self.made()),
            // By an attempt whose answer was lost, or by somebody else: the
            // next look says where it leads.
            Err(fault) if has_code(&fault, &["RouteAlreadyExists"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
            }
            Err(fault) if is_young(&fault) => Err(fault.with_class(FaultClass::Transient)),
            Err(fault) => Err(fault),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        connection: &Connection,
        output: &RouteMade,
    ) -> Result<(), Fault> {
        let (aws, end) = (at.context(), &self.end);
        let stands = confirmed(at, || self.look(at)).await?.flatten();
        if !stands.is_some_and(|route| route.leads_to(&connection.peering_id)) {
            return Ok(());
        }
        if let Some(former) = &output.replaced {
            // As with what is looked for, one refusal proves nothing.
            let restored = confirmed(at, || async {
                match routes::replace(aws, end, &self.table, self.destination, former).await {
                    Err(fault) if is_refusal(&fault) => Ok(None),
                    answer => answer.map(Some),
                }
            });
            if restored.await?.is_some() {
                return Ok(());
            }
            // What it led to can't be a target any more. It led nowhere, and
            // without a route the destination is as far away as it was.
            at.progress(format!(
                "the route for {} can't lead to {former} again, which is gone: removed",
                self.destination
            ));
        }
        let destination = self.destination.into();
        remove::route(end.aws(aws), &end.region, &self.table, &destination).await
    }

    fn ids(&self, output: &RouteMade) -> Vec<String> {
        vec![
            output.route_table_id.clone(),
            output.destination.to_string(),
        ]
    }
}

/// Whether AWS refuses the peering as a target because it has not heard of its
/// being active: it then calls it one of another network.
fn is_young(fault: &Fault) -> bool {
    (has_code(fault, &["InvalidParameterValue"])
        && fault.message.contains("belong to different networks"))
        || (has_code(fault, &["OperationNotPermitted"]) && fault.message.contains("not active"))
}

/// Whether AWS refuses a former target because it is gone.
fn is_refusal(fault: &Fault) -> bool {
    unless_gone::<()>(Err(fault.clone())).is_ok()
        || has_code(
            fault,
            &[
                "InvalidParameterValue",
                "InvalidStateTransition",
                "OperationNotPermitted",
            ],
        )
}
