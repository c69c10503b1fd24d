//! A route with its description and its access, which it cannot be without.

use atc_core::policy::Action;
use axum::{extract::FromRequestParts, handler::Handler};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::{
    ApiState,
    extract::{Can, Permission, Public},
};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone, without a credential.
    Public,
    /// Whoever the policy lets perform this action.
    Can(Action),
}

/// The first argument of a handler: what it declares of its access.
pub(crate) trait Declares {
    const ACCESS: Access;
}

impl<P: Permission> Declares for Can<P> {
    const ACCESS: Access = Access::Can(P::ACTION);
}

impl Declares for Public {
    const ACCESS: Access = Access::Public;
}

/// The arguments of a handler whose first one declares its access. `axum` names a handler's
/// arguments by a tuple that begins with a marker.
pub(crate) trait DeclaresFirst {
    const ACCESS: Access;
}

macro_rules! declares_first {
    ($($rest:ident),*) => {
        impl<M, First, $($rest),*> DeclaresFirst for (M, First, $($rest,)*)
        where
            First: Declares + FromRequestParts<ApiState>,
        {
            const ACCESS: Access = First::ACCESS;
        }
    };
}

declares_first!();
declares_first!(A);
declares_first!(A, B);
declares_first!(A, B, C);
declares_first!(A, B, C, D);
declares_first!(A, B, C, D, E);

/// A route with its description and its access.
pub(crate) struct Endpoint {
    pub access: Access,
    pub routes: UtoipaMethodRouter<ApiState>,
}

/// What a handler declares of its access.
pub(crate) fn access_of<H, T>(_: &H) -> Access
where
    H: Handler<T, ApiState>,
    T: DeclaresFirst,
{
    T::ACCESS
}

/// Makes the endpoint of a handler of this module. Its first argument must be `Can<…>` or `Public`.
macro_rules! endpoint {
    ($handler:ident) => {
        /// The route, with its description and its access.
        pub(crate) fn endpoint() -> $crate::endpoint::Endpoint {
            $crate::endpoint::Endpoint {
                access: $crate::endpoint::access_of(&$handler),
                routes: utoipa_axum::routes!($handler),
            }
        }
    };
}
pub(crate) use endpoint;
