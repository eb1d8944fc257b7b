//! A program and a later one take up each other's runs: what may change between
//! two versions does, and what is not understood is refused by name before
//! anything is done. The promise is in `docs/compatibility.md`.

mod programs;
mod site;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stepwell_engine::event::{End, EventBody};
use stepwell_engine::machine::Status;
use stepwell_engine::{Event, Graph, Registry};

use programs::{after, before, gone};
use site::{Program, Site};

/// Has one program begin a run and cuts it at each append, with and without its
/// being durable; another program takes it up where it was cut, unless nothing
/// is recorded or the run is over.
async fn at_each_cut(
    begin: &Program,
    graph: impl Fn() -> Graph,
    mut take_up: impl AsyncFnMut(&Site),
) {
    let mut cuts = 0;
    for at in 0.. {
        for durable in [false, true] {
            let site = Site::new();
            if site.begin_until(begin, &graph(), at, durable).await {
                assert!(cuts >= 10, "{cuts} cuts");
                return;
            }
            cuts += 1;
            let last = site.events().pop();
            if last.is_some_and(|event| !matches!(event.body, EventBody::RunEnded(_))) {
                take_up(&site).await;
            }
        }
    }
}

/// The later program has one field, one step, another order, another name and
/// another policy, and finishes what the earlier one began as it was begun.
#[tokio::test(start_paused = true)]
async fn the_later_program_finishes_what_the_earlier_one_began() {
    let later = after::registry();
    let mut wells = BTreeSet::new();
    at_each_cut(&before::registry(), before::graph, async |site| {
        let report = site.resume(&later).await.unwrap();
        assert_eq!(report.status, Status::Ended(End::Succeeded));
        let things = site.things();
        assert_eq!(things[..2], ["wall by line-wall", "water"], "no cover");
        assert_eq!(things.len(), 3, "each once");
        wells.insert(things[2].clone());
        assert!(site.first("well") < site.first("wall"));
        site.undone(&later).await;
    })
    .await;
    let wells: Vec<String> = wells.into_iter().collect();
    assert_eq!(wells, ["well, 3 deep", "well, 3 deep, 1 wide"]);
}

/// The same, undone from wherever it was cut.
#[tokio::test(start_paused = true)]
async fn the_later_program_undoes_what_the_earlier_one_began() {
    let later = after::registry();
    at_each_cut(&before::registry(), before::graph, async |site| {
        site.undone(&later).await;
    })
    .await;
}

/// A field that the earlier program does not know is passed over; a step more,
/// another order and another policy are no matter to it.
#[tokio::test(start_paused = true)]
async fn the_earlier_program_finishes_what_it_understands() {
    let earlier = before::registry();
    at_each_cut(&after::registry(), after::plain_graph, async |site| {
        let report = site.resume(&earlier).await.unwrap();
        assert_eq!(report.status, Status::Ended(End::Succeeded));
        assert_eq!(site.things().len(), 3, "{:?}", site.things());
        assert!(site.first("second well") < site.first("well"));
        site.undone(&earlier).await;
    })
    .await;
}

/// What it does not know is named, all of it, and nothing is done or recorded.
#[tokio::test(start_paused = true)]
async fn the_earlier_program_refuses_by_name_what_it_does_not_know() {
    let earlier = before::registry();
    at_each_cut(&after::registry(), after::graph, async |site| {
        let named = [
            r#"step "wall": there is no kind "build-wall""#,
            r#"step "cover": there is no kind "cover""#,
        ];
        site.refused(&earlier, &named).await;
        // The one that knows it goes on, as if nobody had asked.
        let report = site.resume(&after::registry()).await.unwrap();
        assert_eq!(report.status, Status::Ended(End::Succeeded));
    })
    .await;
}

/// A kind that a program has no longer: of a step that has an effect it is
/// refused, wherever the run stands.
#[tokio::test(start_paused = true)]
async fn a_kind_that_is_gone_is_refused_by_name() {
    let program = gone::without_walls();
    at_each_cut(&before::registry(), before::graph, async |site| {
        let named = [r#"step "wall": there is no kind "line-wall""#];
        site.refused(&program, &named).await;
    })
    .await;
}

/// Of a step that only looked and is done nothing is left to do, so nobody has
/// to know it.
#[tokio::test(start_paused = true)]
async fn a_done_look_of_a_kind_that_is_gone_does_not_matter() {
    let program = gone::without_looks();
    let (mut refused, mut finished) = (0, 0);
    at_each_cut(&before::registry(), before::graph, async |site| {
        let looked = site.events().iter().any(|event| {
            matches!(&event.body, EventBody::AttemptSucceeded { step, .. } if &**step == "look")
        });
        if looked {
            let report = site.resume(&program).await.unwrap();
            assert_eq!(report.status, Status::Ended(End::Succeeded));
            site.undone(&program).await;
            finished += 1;
        } else {
            let named = [r#"step "look": there is no kind "look""#];
            site.refused(&program, &named).await;
            refused += 1;
        }
    })
    .await;
    assert!(refused >= 2 && finished > 4, "{refused} and {finished}");
}

/// Data that is no longer what a kind reads, and a kind whose effect is another:
/// both would do something else than what was begun.
#[tokio::test(start_paused = true)]
async fn data_and_effects_that_became_others_are_refused_by_name() {
    let site = Site::new();
    assert!(
        !site
            .begin_until(&before::registry(), &before::graph(), 2, true)
            .await
    );
    let data = r#"step "well": this is no "dig": missing field `width`"#;
    site.refused(&gone::with_width_required(), &[data]).await;
    let effect = r#"step "water": "fill" had the effect create, and has read"#;
    site.refused(&gone::with_fills_that_look(), &[effect]).await;
}

/// The text of a history and a registry undo a run: no code that builds graphs
/// is called, and none needs to be there.
#[tokio::test(start_paused = true)]
async fn a_finished_run_is_undone_from_its_text_alone() {
    let site = Site::new();
    assert!(
        site.begin_until(&before::registry(), &before::graph(), 99, true)
            .await
    );
    let text = serde_json::to_string(&site.events()).unwrap();
    let events: Vec<Event> = serde_json::from_str(&text).unwrap();
    assert_eq!(events, site.events());
    site.undone(&after::registry()).await;
    // What has ended and may not be undone any more is nobody's business.
    let again = site.rollback(&Arc::new(Registry::new())).await.unwrap();
    assert!(matches!(
        again.status,
        Status::Ended(End::RolledBack { .. })
    ));
}

/// How often something is tried is the program's that tries.
#[tokio::test(start_paused = true)]
async fn the_policy_is_that_of_the_program_at_work() {
    let tries = async |begin: &Program, then: Option<&Program>| {
        let site = Site::new();
        site.breaks("well");
        // The third append has the first failure.
        let cut = if then.is_some() { 4 } else { 99 };
        site.begin_until(begin, &before::graph(), cut, true).await;
        if let Some(then) = then {
            site.resume(then).await.unwrap();
        }
        site.calls("make well")
    };
    let (earlier, later) = (before::registry(), after::registry());
    assert_eq!(tries(&earlier, None).await, 8);
    assert_eq!(tries(&later, None).await, 2);
    // Two or three of the first, and two of the second.
    let taken_up = tries(&earlier, Some(&later)).await;
    assert!((3..=5).contains(&taken_up), "{taken_up} tries");
}

/// Every field of the first event is written as this version names it: a field
/// that is renamed or left out would be read as its default.
#[test]
fn the_recorded_form_is_pinned() {
    let records = serde_json::to_value(before::graph().records()).unwrap();
    let text = include_str!("graph.json");
    let pinned: Value = serde_json::from_str(text).unwrap();
    assert_eq!(records, pinned, "{records:#}");
}
