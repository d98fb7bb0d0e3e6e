//! How the suite starts: ports, stand-ins, functions, fronts, in this order.

use std::{fmt::Display, future::Future};

use super::{
    Credentials, Fronts, Options, StandIns, StartError, Suite,
    fronts::{Behind, Setup},
    plan::Plan,
    ports::Ports,
    standins::Secrets,
};
use crate::{
    front::{Authority, tls::SERVER_NAMES},
    function::Function,
};

pub(super) async fn start(options: Options, stop: impl Future<Output = ()>) -> Result<Suite, StartError> {
    if options.slack_url.is_some() && options.given(&["SLACK_TOKEN", "SLACK_TOKEN_SECRET_ARN"]).is_none() {
        let sentence = "--slack-url needs SLACK_TOKEN or SLACK_TOKEN_SECRET_ARN in the environment";
        return Err(StartError::Options(sentence.to_owned()));
    }
    let ports = Ports::bind(options.port_base, options.has_keto()).await?;
    let authority = Authority::new(&SERVER_NAMES).map_err(StartError::Machine)?;
    let folder = tempfile::Builder::new()
        .prefix("local-suite-")
        .tempdir()
        .map_err(machine)?;
    let ca_file = folder.path().join("ca.pem");
    tokio::fs::write(&ca_file, authority.ca_pem()).await.map_err(machine)?;

    let secrets = Secrets::invented();
    let credentials = options.aws.clone().unwrap_or_else(Credentials::invented);
    let stand_ins = StandIns::start(&options, ports.stand_ins, &secrets, &credentials).map_err(machine)?;
    let plan = Plan {
        options,
        stand_ins,
        secrets,
        credentials,
    };
    let behind = Behind {
        authorizer: plan.authorizer()?,
        hipchat_proxy: plan.hipchat_proxy()?,
        lambda_invoker: plan.lambda_invoker()?,
    };
    let functions: Vec<Function> = [&behind.authorizer, &behind.hipchat_proxy]
        .into_iter()
        .chain(&behind.lambda_invoker)
        .cloned()
        .collect();
    plan.deploy(&functions)?;
    let warmed = tokio::select! {
        warmed = warm(&functions) => warmed,
        () = stop => Err(StartError::Stopped),
    };
    if let Err(error) = warmed {
        for function in functions {
            function.stop().await;
        }
        return Err(error);
    }

    let setup = Setup {
        tls: authority.server_config(),
        gateway_ttl: plan.options.kept_for(),
        http_api: plan.http_api(),
        function_url: plan.function_url(),
    };
    let fronts = Fronts::start(ports.fronts, &behind, setup).map_err(machine)?;
    let addresses = plan.addresses(&fronts, ca_file);
    Ok(Suite {
        addresses,
        functions,
        fronts,
        stand_ins: plan.stand_ins,
        folder,
    })
}

/// Starts all functions at once and waits for the last, or for the first that fails.
async fn warm(functions: &[Function]) -> Result<(), StartError> {
    let mut starts = tokio::task::JoinSet::new();
    for function in functions {
        let function = function.clone();
        starts.spawn(async move { function.warm().await });
    }
    while let Some(started) = starts.join_next().await {
        started
            .map_err(machine)?
            .map_err(|failure| StartError::Init(Box::new(failure)))?;
    }
    Ok(())
}

fn machine(error: impl Display) -> StartError {
    StartError::Machine(error.to_string())
}
