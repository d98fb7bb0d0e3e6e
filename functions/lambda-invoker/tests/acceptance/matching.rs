//! Which route a request takes.

use serde_json::{Value, json};

use crate::support::event::get;
use crate::support::function;
use crate::support::upstream::Upstream;

/// The name of the route that is taken, which is also the path of its target; or the error and what is allowed.
async fn taken(routes: &[Value], host: &str, method: &'static str, path: &str) -> String {
    let upstream = Upstream::fine().await;
    let routes: Vec<Value> = routes
        .iter()
        .map(|route| {
            let mut route = route.clone();
            route["function_uri"] = json!(upstream.url(&format!("/{}", route["name"].as_str().unwrap())));
            route["path"] = json!({"append_tail": false});
            route
        })
        .collect();
    let function = function(json!(routes)).await;
    let mut request = get(path).method(method);
    request.headers = vec![("Host".to_owned(), host.to_owned())];
    let answer = function.call(&request.alb()).await;
    if answer.status == 200 {
        let line = function.line();
        let target = upstream.last().target().trim_start_matches('/').to_owned();
        assert_eq!(line["route"], target.as_str());
        return target;
    }
    let allow = answer.header("allow").unwrap_or_default();
    format!("{} {} {allow}", answer.status, answer.error())
        .trim()
        .to_owned()
}

#[tokio::test]
async fn priority_then_host_then_path_then_method() {
    let routes = [
        json!({"name": "any", "uri": "/*"}),
        json!({"name": "prefix", "uri": "/aws/*"}),
        json!({"name": "longer", "uri": "/aws/a/*"}),
        json!({"name": "exact", "uri": "/aws/a/b", "methods": ["GET", "HEAD"]}),
        json!({"name": "put", "uri": "/aws/a/b", "methods": ["PUT"]}),
        json!({"name": "wild", "uri": "/aws/*", "hosts": ["*.example.com"]}),
        json!({"name": "deeper", "uri": "/aws/*", "hosts": ["*.b.example.com"]}),
        json!({"name": "host", "uri": "/*", "hosts": ["api.example.com", "other.example.com"]}),
        json!({"name": "first", "uri": "/aws/first", "priority": 5}),
        json!({"name": "off", "uri": "/aws/off", "enabled": false, "priority": 9}),
    ];
    for (host, method, path, expected) in [
        ("x.test", "GET", "/", "any"),
        ("x.test", "GET", "/aws", "any"),
        ("x.test", "GET", "/aws/", "prefix"),
        ("x.test", "GET", "/aws/x", "prefix"),
        ("x.test", "GET", "/aws/a/x", "longer"),
        ("x.test", "GET", "/aws/a/b", "exact"),
        ("x.test", "PUT", "/aws/a/b", "put"),
        // No exact route takes the method, but a prefix does.
        ("x.test", "POST", "/aws/a/b", "longer"),
        ("", "GET", "/aws/x", "prefix"),
        ("a.example.com", "GET", "/aws/a/b", "wild"),
        ("a.b.example.com", "GET", "/aws/x", "deeper"),
        ("API.example.com:8080", "GET", "/aws/a/b", "host"),
        ("other.example.com.", "GET", "/aws/x", "host"),
        ("api.example.com", "GET", "/aws/first", "first"),
        ("x.test", "GET", "/aws/off", "prefix"),
    ] {
        assert_eq!(
            taken(&routes, host, method, path).await,
            expected,
            "{host} {method} {path}"
        );
    }
}

#[tokio::test]
async fn case_29_without_a_route_it_is_404_and_without_a_method_405() {
    let routes = [
        json!({"name": "get", "uri": "/aws/*", "methods": ["GET", "HEAD"], "hosts": ["api.example.com"]}),
        json!({"name": "put", "uri": "/aws/x", "methods": ["PUT", "GET"]}),
        json!({"name": "off", "uri": "/off", "enabled": false}),
    ];
    for (host, method, path, expected) in [
        (
            "api.example.com",
            "POST",
            "/aws/x",
            "405 method_not_allowed GET, HEAD, PUT",
        ),
        ("x.test", "POST", "/aws/x", "405 method_not_allowed GET, PUT"),
        ("x.test", "GET", "/aws/y", "404 route_not_found"),
        ("api.example.com", "GET", "/other", "404 route_not_found"),
        ("api.example.com", "GET", "/off", "404 route_not_found"),
        ("api.example.com", "TRACE", "/aws/x", "501 method_not_implemented"),
        ("api.example.com", "CONNECT", "/aws/x", "501 method_not_implemented"),
    ] {
        assert_eq!(
            taken(&routes, host, method, path).await,
            expected,
            "{host} {method} {path}"
        );
    }
}

#[tokio::test]
async fn a_spelling_that_hides_a_path_from_its_own_route_gets_no_other() {
    let routes = [
        json!({"name": "any", "uri": "/*"}),
        json!({"name": "admin", "uri": "/admin/*"}),
        json!({"name": "cafe", "uri": "/caf%c3%a9/*"}),
    ];
    for (path, expected) in [
        ("/admin/x", "admin"),
        ("/admin//x", "admin"),
        ("/admin/%61%2Fb", "admin"),
        ("//admin/x", "400 bad_path"),
        ("/%61dmin/x", "400 bad_path"),
        ("/admin%2Fx", "400 bad_path"),
        ("/admin%2fx", "400 bad_path"),
        ("//x", "any"),
        ("/x%2Fadmin/y", "any"),
        ("/caf%C3%A9/x", "cafe"),
        ("/caf%c3%a9/x", "cafe"),
    ] {
        assert_eq!(taken(&routes, "x.test", "GET", path).await, expected, "{path}");
    }
}
