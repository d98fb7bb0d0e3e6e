//! Addresses of AWS's services: those of a route, of the environment, and AWS's own; and the regions that they tell.

use super::*;

/// The first route of a table that these variables surround, or the only problem that it has.
fn read_in(mut route: Value, variables: &[(&'static str, &'static str)]) -> Result<Route, String> {
    route["uri"] = json!("/");
    let variables = Variables(variables.to_vec().leak());
    match RouteTable::read(&json!({"version": 1, "routes": [route]}), &variables) {
        Ok(table) => Ok(table.routes()[0].clone()),
        Err(error) => Err(error.problems().join("; ")),
    }
}

/// Address and region of the service that a route's role is asked of.
fn sts(endpoint: Option<&str>, variables: &[(&'static str, &'static str)]) -> Result<(String, String), String> {
    let mut role = json!({"arn": "arn:aws:iam::123456789012:role/r"});
    if let Some(endpoint) = endpoint {
        role["sts_endpoint"] = json!(endpoint);
    }
    let route = json!({"function_uri": URL, "authorization": {"iam": {"assume_role": role}}});
    let route = read_in(route, variables)?;
    let role = &signing(&route).credentials.roles[0];
    Ok((role.endpoint.to_string(), role.region.clone()))
}

const HOME: (&str, &str) = ("AWS_REGION", "eu-west-1");

const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");

const IGNORE: (&str, &str) = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");

const ALL: (&str, &str) = ("AWS_ENDPOINT_URL", "https://all.example.com");

#[test]
fn the_address_of_sts_tells_its_region() {
    for (host, region) in [
        ("sts.us-west-2.amazonaws.com", "us-west-2"),
        ("sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sts.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("vpce-1.sts.cn-north-1.vpce.amazonaws.com.cn", "cn-north-1"),
        ("vpce-1.sts-fips.us-east-1.vpce.amazonaws.com", "us-east-1"),
        ("sts.amazonaws.com", "us-east-1"),
        ("sts.us-east-1.api.aws", "us-east-1"),
        ("sts-fips.us-east-1.api.aws", "us-east-1"),
        ("sts-fips.us-gov-west-1.api.aws", "us-gov-west-1"),
        ("sts.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
        ("sts.eusc-de-east-1.api.amazonwebservices.eu", "eusc-de-east-1"),
        ("vpce-1.sts.eu-north-1.vpce.amazonaws.com", "eu-north-1"),
        // What a host says that nobody knows is no guess where the function runs there.
        ("sts.eu-west-1.example.com", "eu-west-1"),
        ("sts.example.com", "eu-west-1"),
        ("127.0.0.1", "eu-west-1"),
    ] {
        let url = format!("https://{host}");
        let found = sts(Some(&url), &[HOME]).unwrap();
        assert_eq!(found, (format!("{url}/"), region.to_owned()));
        let name = ("AWS_ENDPOINT_URL_STS", &*url.clone().leak());
        assert_eq!(sts(None, &[HOME, name]).unwrap(), found);
    }
}

#[test]
fn no_region_is_guessed_for_a_host_that_names_another() {
    let path = "routes[0].authorization.iam.assume_role.sts_endpoint";
    for host in [
        "sts.us-east-1.api.amazonaws.example",
        "sts-fips.us-east-1.example.com",
        "sts.cn-north-1.amazonaws.com",
        "vpce-1.sts.us-east-1.vpce.example.com",
    ] {
        let what =
            format!("{path}: host \"{host}\" is none of AWS's, so it does not tell its region, and AWS_REGION is");
        let url = format!("https://{host}");
        assert_eq!(sts(Some(&url), &[HOME]), Err(format!("{what} \"eu-west-1\"")));
        assert_eq!(sts(Some(&url), &[]), Err(format!("{what} not set")));
    }
    let signed = |host: &str, variables| {
        let iam = json!({"service": "execute-api"});
        let uri = format!("https://{host}/");
        let route = read_in(json!({"function_uri": uri, "authorization": {"iam": iam}}), variables)?;
        Ok(signing(&route).region.clone())
    };
    for (host, region) in [
        ("a1.execute-api.us-east-1.api.aws", Some("us-east-1")),
        ("a1.execute-api.us-east-1.example.com", None),
        ("a1.lambda-url.us-east-1.on.example.com", None),
        ("a1.execute-api.eu-west-1.example.com", Some("eu-west-1")),
        ("api.example.com", Some("eu-west-1")),
    ] {
        let line = "routes[0].authorization.iam.aws_region: cannot be derived from host";
        let expected = region
            .map(str::to_owned)
            .ok_or_else(|| format!("{line} \"{host}\", set it"));
        assert_eq!(signed(host, &[HOME][..]), expected);
    }
}

#[test]
fn the_environment_names_the_services_addresses() {
    let own = "https://own.example.com";
    for (variables, sts_url, lambda_url) in [
        (
            &[][..],
            "https://sts.eu-west-1.amazonaws.com/",
            "https://lambda.eu-west-1.amazonaws.com/",
        ),
        (
            &[FIPS],
            "https://sts-fips.eu-west-1.amazonaws.com/",
            "https://lambda-fips.eu-west-1.amazonaws.com/",
        ),
        (&[ALL], "https://all.example.com/", "https://all.example.com/"),
        (
            &[ALL, ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1/sts")],
            "http://127.0.0.1:1/sts",
            "https://all.example.com/",
        ),
        (
            &[ALL, ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")],
            "https://all.example.com/",
            "http://127.0.0.1:1/",
        ),
        (
            &[ALL, IGNORE],
            "https://sts.eu-west-1.amazonaws.com/",
            "https://lambda.eu-west-1.amazonaws.com/",
        ),
        (
            &[ALL, FIPS, IGNORE],
            "https://sts-fips.eu-west-1.amazonaws.com/",
            "https://lambda-fips.eu-west-1.amazonaws.com/",
        ),
    ] {
        let variables = [&[HOME], variables].concat();
        let lambda = |function: Value| {
            let route = read_in(json!({"function": function}), &variables).unwrap();
            match route.destination {
                Destination::Function(settings) => settings.endpoint.to_string(),
                Destination::Endpoint(_) => unreachable!("it is a function's"),
            }
        };
        assert_eq!(sts(None, &variables).unwrap().0, sts_url, "{variables:?}");
        assert_eq!(lambda(json!({"name": "hello"})), lambda_url, "{variables:?}");
        // A route's own comes first.
        assert_eq!(sts(Some(own), &variables).unwrap().0, format!("{own}/"));
        assert_eq!(lambda(json!({"name": "hello", "endpoint_url": own})), format!("{own}/"));
    }
}

#[test]
fn an_address_is_none_of_fips() {
    let both = [HOME, ALL, FIPS];
    let what = "AWS_USE_FIPS_ENDPOINT does not go with AWS_ENDPOINT_URL";
    assert_eq!(
        sts(None, &both),
        Err(format!("routes[0].authorization.iam.assume_role.sts_endpoint: {what}"))
    );
    let problem = read_in(json!({"function": {"name": "hello"}}), &both).unwrap_err();
    assert_eq!(problem, format!("routes[0].function.endpoint_url: {what}"));
    // Who needs neither is not kept from starting.
    assert!(read_in(json!({"function_uri": URL}), &both).is_ok());
    let nowhere = read_in(json!({"function": {"name": "hello"}}), &[("AWS_REGION", "eu west")]).unwrap_err();
    assert_eq!(nowhere, "routes[0].function.region: is required: AWS_REGION is none");
}
