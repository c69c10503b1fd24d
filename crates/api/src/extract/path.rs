//! Parameters of a path. One that cannot be read names nothing: 404.

use std::str::FromStr;

use atc_core::Error;
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::{ApiState, problem::Problem};

/// The parameters of the request's path, in their order.
pub(crate) struct Path<T>(pub T);

/// A parameter that stands alone.
pub(crate) struct Id<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<ApiState> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let [value] = values(parts, state).await?;
        Ok(Self(parse(&value)?))
    }
}

impl<A: FromStr + Send, B: FromStr + Send> FromRequestParts<ApiState> for Path<(A, B)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let [a, b] = values(parts, state).await?;
        Ok(Self((parse(&a)?, parse(&b)?)))
    }
}

fn not_found() -> Problem {
    Error::not_found("thing").into()
}

async fn values<const N: usize>(
    parts: &mut Parts,
    state: &ApiState,
) -> Result<[String; N], Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_found())?;
    let values: Vec<String> = params.iter().map(|(_, value)| value.to_owned()).collect();
    values.try_into().map_err(|_| not_found())
}

fn parse<T: FromStr>(value: &str) -> Result<T, Problem> {
    if value.contains('\0') {
        return Err(not_found());
    }
    value.parse().map_err(|_| not_found())
}
