//! What steps need of each other: the data along the edges.

use serde_json::Value;

use super::{Handle, StepId};

/// The outputs of the steps that are done, by place in the graph.
pub trait Outputs {
    /// The output of a step, if it is done.
    fn output(&self, step: StepId) -> Option<&Value>;
}

/// Why a step's input could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A parent has no output yet.
    #[error("the output of step {0} is not known yet", step.0)]
    Unknown {
        /// The parent.
        step: StepId,
    },
    /// A recorded output no longer has the shape that the code expects.
    #[error("the recorded output of step {} can't be read", step.0)]
    Unreadable {
        /// The parent.
        step: StepId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// What a step needs from others: nothing `()`, a [`Handle`], or any tuple,
/// `Vec` or `Option` of these.
pub trait Needs: Send + Sync + 'static {
    /// What the needs are once the parents are done.
    type Value: Send + Sync + 'static;
    /// Names every parent.
    #[doc(hidden)]
    fn visit(&self, visit: &mut dyn FnMut(StepId, u64));
    /// Puts the input together.
    fn resolve(&self, outputs: &dyn Outputs) -> Result<Self::Value, InputError>;
}

impl<T: serde::de::DeserializeOwned + Send + Sync + 'static> Needs for Handle<T> {
    type Value = T;

    fn visit(&self, visit: &mut dyn FnMut(StepId, u64)) {
        visit(self.step, self.builder);
    }

    fn resolve(&self, outputs: &dyn Outputs) -> Result<T, InputError> {
        let step = self.step;
        let value = outputs.output(step).ok_or(InputError::Unknown { step })?;
        T::deserialize(value).map_err(|source| InputError::Unreadable { step, source })
    }
}

impl<N: Needs> Needs for Vec<N> {
    type Value = Vec<N::Value>;

    fn visit(&self, visit: &mut dyn FnMut(StepId, u64)) {
        self.iter().for_each(|need| need.visit(visit));
    }

    fn resolve(&self, outputs: &dyn Outputs) -> Result<Self::Value, InputError> {
        self.iter().map(|need| need.resolve(outputs)).collect()
    }
}

impl<N: Needs> Needs for Option<N> {
    type Value = Option<N::Value>;

    fn visit(&self, visit: &mut dyn FnMut(StepId, u64)) {
        self.iter().for_each(|need| need.visit(visit));
    }

    fn resolve(&self, outputs: &dyn Outputs) -> Result<Self::Value, InputError> {
        self.as_ref().map(|need| need.resolve(outputs)).transpose()
    }
}

macro_rules! tuple_needs {
    ($($name:ident)*) => {
        impl<$($name: Needs),*> Needs for ($($name,)*) {
            type Value = ($($name::Value,)*);

            #[allow(non_snake_case, unused_variables)]
            fn visit(&self, visit: &mut dyn FnMut(StepId, u64)) {
                let ($($name,)*) = self;
                $($name.visit(visit);)*
            }

            #[allow(non_snake_case, unused_variables)]
            fn resolve(&self, outputs: &dyn Outputs) -> Result<Self::Value, InputError> {
                let ($($name,)*) = self;
                Ok(($($name.resolve(outputs)?,)*))
            }
        }
    };
}
tuple_needs!();
tuple_needs!(A B);
tuple_needs!(A B C);
tuple_needs!(A B C D);
tuple_needs!(A B C D E);
tuple_needs!(A B C D E F);

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
