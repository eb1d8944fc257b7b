//! A deletion that could not end is refused before the first route goes.

use stepwell_engine::Journal as _;
use stepwell_workflows::resume_refusal;

use super::{HERE, Nets, THERE, find, one, peered, refusal, unpeer};
use crate::support::{World, ended_well, memory};
use crate::trial::inventory;

#[tokio::test(start_paused = true)]
async fn a_permission_that_lacks_is_named_before_anything_is_touched() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    let before = inventory(&world);
    for operation in [
        "DeleteVpcPeeringConnection",
        "DeleteRoute",
        "RevokeSecurityGroupIngress",
    ] {
        world.fails(operation, "UnauthorizedOperation", Some(1));
        let message = refusal(find(&world, one(&nets.rosa)).await);
        assert!(message.contains(&format!("ec2:{operation}")), "{message}");
        assert!(message.contains(world.account.account_id()), "{message}");
        assert!(
            message.contains(HERE) || message.contains(THERE),
            "{message}"
        );
        assert_eq!(inventory(&world), before);
    }
    find(&world, one(&nets.rosa)).await.expect("survey");
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_again_when_a_deletion_is_resumed() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    world.fails("DeleteRoute", "ExpiredToken", Some(1));
    let (journal, run) = (memory(), world.run_id());
    let report = unpeer(&world, journal.clone(), run, &found).await;
    assert!(!ended_well(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    let ask = || resume_refusal(&world.aws, "peering delete", &events);
    world.fails(
        "DeleteVpcPeeringConnection",
        "UnauthorizedOperation",
        Some(1),
    );
    let refusal = ask().await.expect("an answer").expect("a refusal");
    assert!(
        refusal.message.contains("ec2:DeleteVpcPeeringConnection"),
        "{refusal:?}"
    );
    assert!(refusal.hint.contains("--rosa-profile"), "{refusal:?}");
    assert_eq!(ask().await.expect("an answer"), None);
    let report = world.resume(journal, run).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
}
