//! What steps need of each other: the data along the edges.

use super::Handle;
use crate::model::{StepId, Wiring};

/// What a step needs from others: nothing `()`, a [`Handle`], or any tuple,
/// `Vec` or `Option` of these.
pub trait Needs: Send + Sync + 'static {
    /// What the needs are once the parents are done.
    type Value: Send + Sync + 'static;
    /// How they are recorded. `place` is told each parent, with the builder that
    /// its handle belongs to, and says its place in the graph.
    #[doc(hidden)]
    fn wiring(&self, place: &mut dyn FnMut(StepId, u64) -> u32) -> Wiring;
}

impl<T: Send + Sync + 'static> Needs for Handle<T> {
    type Value = T;

    fn wiring(&self, place: &mut dyn FnMut(StepId, u64) -> u32) -> Wiring {
        Wiring::Output(place(self.step, self.builder))
    }
}

impl<N: Needs> Needs for Vec<N> {
    type Value = Vec<N::Value>;

    fn wiring(&self, place: &mut dyn FnMut(StepId, u64) -> u32) -> Wiring {
        Wiring::List(self.iter().map(|need| need.wiring(place)).collect())
    }
}

impl<N: Needs> Needs for Option<N> {
    type Value = Option<N::Value>;

    fn wiring(&self, place: &mut dyn FnMut(StepId, u64) -> u32) -> Wiring {
        let need = self.as_ref();
        need.map_or(Wiring::Nothing, |need| need.wiring(place))
    }
}

macro_rules! tuple_needs {
    ($($name:ident)*) => {
        impl<$($name: Needs),*> Needs for ($($name,)*) {
            type Value = ($($name::Value,)*);

            #[allow(non_snake_case)]
            fn wiring(&self, place: &mut dyn FnMut(StepId, u64) -> u32) -> Wiring {
                let ($($name,)*) = self;
                Wiring::List(vec![$($name.wiring(place)),*])
            }
        }
    };
}
tuple_needs!(A B);
tuple_needs!(A B C);
tuple_needs!(A B C D);
tuple_needs!(A B C D E);
tuple_needs!(A B C D E F);

impl Needs for () {
    type Value = ();

    fn wiring(&self, _: &mut dyn FnMut(StepId, u64) -> u32) -> Wiring {
        Wiring::Nothing
    }
}

/// A handle of any output type, for an order without data.
pub trait Precedes {
    #[doc(hidden)]
    fn place(&self) -> (StepId, u64);
}

impl<T> Precedes for Handle<T> {
    fn place(&self) -> (StepId, u64) {
        (self.step, self.builder)
    }
}
