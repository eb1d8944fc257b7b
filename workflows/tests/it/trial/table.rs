//! Every workflow, and what it has to bear. A new one is an entry here.

use super::crashes::{Amount, Story, deaths};
use super::troubles::{faults, missed_reads, rollback_faults};
use crate::campaign::{AuroraCreate, AuroraDelete};
use crate::contract;
use crate::peering::campaign::{ALL, FAR, NEAR, ONE_FAR, ONE_NEAR, STALE};
use crate::peering::with_aurora::WithPeerings;
use crate::reap::campaign::Reap;
use crate::reset::campaign::Reset;
use crate::restore::campaign::Restore;
use crate::scale::campaign::{Grow, Shrink};

/// What CI has time for.
const SOME: Amount = Amount {
    points: 100,
    pairs: 20,
    faults: 48,
};

/// The same where every call is a process.
const FEW: Amount = Amount {
    points: 10,
    pairs: 2,
    faults: 14,
};

macro_rules! workflow {
    ($module:ident, $name:literal, $trial:expr, $amount:expr, forward) => {
        mod $module {
            use super::*;

            #[tokio::test(start_paused = true)]
            async fn dies_anywhere_and_goes_on() {
                deaths($name, &$trial, Story::Forward, $amount).await;
            }

            #[tokio::test(start_paused = true)]
            async fn bears_every_fault_as_it_must() {
                faults($name, &$trial, false, $amount.faults).await;
            }
        }
    };
    ($module:ident, $name:literal, $trial:expr, $amount:expr, reversible with $steps:literal steps) => {
        mod $module {
            use super::*;

            #[tokio::test(start_paused = true)]
            async fn dies_anywhere_and_goes_on() {
                deaths($name, &$trial, Story::Forward, $amount).await;
            }

            #[tokio::test(start_paused = true)]
            async fn dies_anywhere_in_a_rollback_after_a_failure() {
                deaths($name, &$trial, Story::Failed, $amount).await;
            }

            #[tokio::test(start_paused = true)]
            async fn dies_anywhere_in_a_rollback_that_was_asked_for() {
                deaths($name, &$trial, Story::Asked, $amount).await;
            }

            #[tokio::test(start_paused = true)]
            async fn bears_every_fault_as_it_must() {
                faults($name, &$trial, true, $amount.faults).await;
            }

            #[tokio::test(start_paused = true)]
            async fn bears_every_fault_in_a_rollback_as_it_must() {
                rollback_faults($name, &$trial, $amount.faults).await;
            }

            #[tokio::test(start_paused = true)]
            async fn what_ran_is_found_by_check_and_not_run_again() {
                contract::found_by_check(&$trial, $steps).await;
            }

            #[tokio::test(start_paused = true)]
            async fn what_was_undone_can_be_undone_again() {
                contract::undone_again(&$trial, $steps).await;
            }

            #[tokio::test(start_paused = true)]
            async fn children_are_undone_before_their_parents() {
                contract::children_first(&$trial).await;
            }
        }
    };
}

workflow!(create, "aurora create", AuroraCreate, SOME, reversible with 12 steps);
workflow!(restore, "aurora create from a snapshot", Restore, SOME, reversible with 12 steps);
workflow!(delete, "aurora delete", AuroraDelete, SOME, forward);
workflow!(grow, "aurora scale up", Grow, SOME, reversible with 3 steps);
workflow!(shrink, "aurora scale down", Shrink, SOME, forward);
workflow!(
    delete_with_peerings,
    "aurora delete with peerings",
    WithPeerings,
    SOME,
    forward
);
workflow!(peer_near, "peering create in one region", NEAR, SOME, reversible with 7 steps);
workflow!(peer_far, "peering create across regions", FAR, SOME, reversible with 7 steps);
workflow!(peer_stale, "peering create over a stale route", STALE, SOME, reversible with 7 steps);
workflow!(
    unpeer_near,
    "peering delete in one region",
    ONE_NEAR,
    SOME,
    forward
);
workflow!(
    unpeer_far,
    "peering delete across regions",
    ONE_FAR,
    SOME,
    forward
);
workflow!(unpeer_all, "peering delete of all", ALL, SOME, forward);
workflow!(reap, "aurora reap", Reap, SOME, forward);
workflow!(reset, "aurora reset", Reset::default(), FEW, forward);

/// One read that comes from a place that has not heard of something yet must not
/// have a deletion leave it behind, nor a scaling take it for gone.
mod missed {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn by_a_deletion() {
        missed_reads("aurora delete", &AuroraDelete).await;
    }

    #[tokio::test(start_paused = true)]
    async fn by_a_deletion_with_its_peerings() {
        missed_reads("aurora delete with peerings", &WithPeerings).await;
    }

    #[tokio::test(start_paused = true)]
    async fn by_a_deletion_of_peerings() {
        missed_reads("peering delete of all", &ALL).await;
    }

    #[tokio::test(start_paused = true)]
    async fn by_a_reap() {
        missed_reads("aurora reap", &Reap).await;
    }

    #[tokio::test(start_paused = true)]
    async fn by_a_scaling_up() {
        missed_reads("aurora scale up", &Grow).await;
    }

    #[tokio::test(start_paused = true)]
    async fn by_a_scaling_down() {
        missed_reads("aurora scale down", &Shrink).await;
    }
}
