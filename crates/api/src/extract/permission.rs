//! Permissions: the first argument of every handler.

use std::marker::PhantomData;

use atc_app::Authenticated;
use atc_core::{Ctx, Error, ErrorCode, policy};
use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{ApiState, problem::Problem};

/// The id of the request, put there by the outermost layer.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub String);

/// An action, as a type.
pub(crate) trait Permission: Send + Sync + 'static {
    const ACTION: policy::Action;
}

/// The caller may perform the action; here is who they are.
pub(crate) struct Can<P> {
    pub ctx: Ctx,
    _permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<ApiState> for Can<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = match parts.extensions.remove::<Authenticated>() {
            Some(Authenticated::Caller(caller)) => caller,
            Some(Authenticated::Refused(e)) => return Err(Problem(e)),
            Some(Authenticated::Nobody) | None => {
                let detail = "Send a token in the header Authorization: Bearer <token>.";
                return Err(Error::new(ErrorCode::Unauthenticated, detail).into());
            }
        };
        policy::authorize(&caller, P::ACTION)?;
        let request_id =
            parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let ctx = Ctx { request_id, caller, now: state.app.now() };
        Ok(Self { ctx, _permission: PhantomData })
    }
}

/// Everyone may use the route.
pub(crate) struct Public;

impl FromRequestParts<ApiState> for Public {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

/// Every action as a type, so that `Can<CreateTicket>` names it.
pub(crate) mod permissions {
    use super::{Permission, policy};

    macro_rules! permissions {
        ($($name:ident),* $(,)?) => {$(
            #[doc = concat!("See [`policy::Action::", stringify!($name), "`].")]
            pub(crate) struct $name;
            impl Permission for $name {
                const ACTION: policy::Action = policy::Action::$name;
            }
        )*};
    }

    permissions![
        ReadProfile,
        ManageSession,
        ManageTokens,
        ManageGrants,
        ReadUsers,
        WriteUsers,
        ReadTickets,
        CreateTicket,
        UpdateTicket,
        DeleteTicket,
        TriageTicket,
        WriteComments,
        Categorize,
        WriteFiles,
        ReadFiles,
        AnalyzeFile,
        OpenSocket,
        ReadNotifications,
        ManageNotifications,
        ReadAgents,
        ReadDecisions,
        RevertDecision,
        ReadAiSettings,
        ManageAiSettings,
        AskAssistant,
        ReadConversations,
        ManageConversations,
        ReadCategories,
        WriteCategories,
        ReadTeams,
        WriteTeams,
        ReadKnowledge,
        WriteKnowledge,
        ReadWebhooks,
        WriteWebhooks,
        ReadToolServers,
        WriteToolServers,
        ReadMetrics,
        ReadJobs,
        ManageJobs,
    ];
}
