//! Two versions of a program that digs wells, and some that broke the promise.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stepwell_engine::{
    Attempt, Effect, Fault, Found, Graph, GraphBuilder, Handle, Policy, Registry, Step,
};

use super::site::{Program, Shop};

/// A step that makes what it says it is.
macro_rules! makes {
    ($step:ty, $kind:literal, [$($alias:literal)*], $policy:expr, $what:expr) => {
        impl Step for $step {
            type Context = Shop;
            type Input = Option<String>;
            type Output = String;
            const KIND: &'static str = $kind;
            const ALIASES: &'static [&'static str] = &[$($alias),*];
            const EFFECT: Effect = Effect::Create;

            fn policy(&self) -> Policy {
                $policy
            }

            async fn check(
                &self,
                at: &Attempt<Shop>,
                _: &Option<String>,
            ) -> Result<Found<String>, Fault> {
                Ok(at.context().find(at))
            }

            async fn run(&self, at: &Attempt<Shop>, _: &Option<String>) -> Result<String, Fault> {
                let what: fn(&Self) -> String = $what;
                at.context().make(at, what(self))
            }

            async fn undo(
                &self,
                at: &Attempt<Shop>,
                _: &Option<String>,
                _: &String,
            ) -> Result<(), Fault> {
                at.context().take(at);
                Ok(())
            }
        }
    };
}

#[derive(Serialize, Deserialize)]
pub(super) struct Look;

impl Step for Look {
    type Context = Shop;
    type Input = ();
    type Output = String;
    const KIND: &'static str = "look";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, at: &Attempt<Shop>, (): &()) -> Result<String, Fault> {
        at.context().call("look", at);
        Ok("a meadow".to_owned())
    }
}

/// A kind that both versions have as it is.
#[derive(Serialize, Deserialize)]
pub(super) struct Fill;
makes!(Fill, "fill", [], Policy::default(), |_| "water".to_owned());

/// The earlier version.
pub(super) mod before {
    use super::*;

    #[derive(Serialize, Deserialize)]
    pub(in super::super) struct Dig {
        depth: u32,
    }
    makes!(Dig, "dig", [], Policy::default(), |dig| {
        format!("well, {} deep", dig.depth)
    });

    #[derive(Serialize, Deserialize)]
    pub(in super::super) struct Line {
        stone: String,
    }
    makes!(Line, "line-wall", [], Policy::default(), |_| {
        "wall by line-wall".to_owned()
    });

    pub(in super::super) fn registry() -> Program {
        Arc::new(
            (Registry::new().register::<Look>().register::<Fill>())
                .register::<Dig>()
                .register::<Line>(),
        )
    }

    pub(in super::super) fn graph() -> Graph {
        let mut graph = GraphBuilder::new();
        let look = graph.add("look", Look, ());
        let well = graph.add("well", Dig { depth: 3 }, Some(look));
        let stone = "granite".to_owned();
        let wall = graph.add_after("wall", Line { stone }, Some(well), &[&look]);
        let water = graph.add("water", Fill, Some(wall));
        graph.output(water);
        graph.finish().unwrap()
    }
}

/// The later version: a field, a step, an order, a name and a policy are others.
pub(super) mod after {
    use super::*;

    #[derive(Serialize, Deserialize)]
    pub(in super::super) struct Dig {
        depth: u32,
        #[serde(default = "one")]
        width: u32,
    }
    makes!(Dig, "dig", [], hasty(), |dig| {
        format!("well, {} deep, {} wide", dig.depth, dig.width)
    });

    fn one() -> u32 {
        1
    }

    fn hasty() -> Policy {
        Policy {
            attempts: 2,
            ..Policy::default()
        }
    }

    #[derive(Serialize, Deserialize)]
    pub(in super::super) struct Wall {
        stone: String,
    }
    makes!(Wall, "build-wall", ["line-wall"], Policy::default(), |_| {
        "wall by line-wall".to_owned()
    });

    #[derive(Serialize, Deserialize)]
    pub(in super::super) struct Cover;
    makes!(Cover, "cover", [], Policy::default(), |_| "a cover"
        .to_owned());

    pub(in super::super) fn registry() -> Program {
        Arc::new(
            (Registry::new().register::<Look>().register::<Fill>())
                .register::<Dig>()
                .register::<Wall>()
                .register::<Cover>(),
        )
    }

    pub(in super::super) fn graph() -> Graph {
        let mut graph = GraphBuilder::new();
        let look = graph.add("look", Look, ());
        let stone = "granite".to_owned();
        let wall = graph.add("wall", Wall { stone }, Some(look));
        let well = graph.add("well", Dig { depth: 3, width: 2 }, Some(wall));
        let cover = graph.add("cover", Cover, Some(well));
        let water = graph.add_after("water", Fill, Some(well), &[&cover]);
        graph.output(water);
        graph.finish().unwrap()
    }

    /// Of kinds that the earlier version has, too: a step more, another order, and
    /// a field that it does not know.
    pub(in super::super) fn plain_graph() -> Graph {
        let mut graph = GraphBuilder::new();
        let second = graph.add(
            "second well",
            Dig { depth: 5, width: 2 },
            None::<Handle<String>>,
        );
        let look = graph.add_after("look", Look, (), &[&second]);
        let well = graph.add("well", Dig { depth: 3, width: 2 }, Some(look));
        graph.add("water", Fill, Some(well));
        graph.finish().unwrap()
    }
}

/// Versions that break the promise.
pub(super) mod gone {
    use super::*;

    pub(in super::super) fn without_walls() -> Program {
        Arc::new((Registry::new().register::<Look>().register::<Fill>()).register::<before::Dig>())
    }

    pub(in super::super) fn without_looks() -> Program {
        Arc::new(
            (Registry::new().register::<Fill>())
                .register::<before::Dig>()
                .register::<before::Line>(),
        )
    }

    #[derive(Serialize, Deserialize)]
    struct Dig {
        depth: u32,
        width: u32,
    }
    makes!(Dig, "dig", [], Policy::default(), |dig| {
        format!("{} {}", dig.depth, dig.width)
    });

    pub(in super::super) fn with_width_required() -> Program {
        Arc::new(
            (Registry::new().register::<Look>().register::<Fill>())
                .register::<before::Line>()
                .register::<Dig>(),
        )
    }

    #[derive(Serialize, Deserialize)]
    struct Sip;

    impl Step for Sip {
        type Context = Shop;
        type Input = Option<String>;
        type Output = String;
        const KIND: &'static str = "fill";
        const EFFECT: Effect = Effect::Read;

        async fn run(&self, _: &Attempt<Shop>, _: &Option<String>) -> Result<String, Fault> {
            Ok("water".to_owned())
        }
    }

    pub(in super::super) fn with_fills_that_look() -> Program {
        Arc::new(
            (Registry::new().register::<Look>().register::<Sip>())
                .register::<before::Dig>()
                .register::<before::Line>(),
        )
    }
}
