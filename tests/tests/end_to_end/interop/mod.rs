//! The suite beside real servers, real clients and other people's signers: each runs from an environment of its own,
//! installed by `.ci/interop` from the pins in `tests/interop/`.

mod authorizer;
mod environment;
mod hipchat_proxy;
mod lambda_invoker;
mod lambda_service;
mod route_schema;
mod slack_page;
