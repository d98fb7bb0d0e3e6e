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
        // A prefix would take the method, but the path has routes of its own.
        ("x.test", "POST", "/aws/a/b", "405 method_not_allowed GET, HEAD, PUT"),
        ("", "GET", "/aws/x", "prefix"),
        ("a.example.com", "GET", "/aws/a/b", "wild"),
        ("a.b.example.com", "GET", "/aws/x", "deeper"),
        ("API.example.com:8080", "GET", "/aws/a/b", "host"),
        ("other.example.com.", "GET", "/aws/x", "host"),
        ("api.example.com", "GET", "/aws/first", "first"),
        ("x.test", "GET", "/aws/off", "404 route_not_found"),
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
        json!({"name": "items", "uri": "/items%3apurge"}),
        json!({"name": "me", "uri": "/@me/*"}),
        json!({"name": "marks", "uri": "/a!$&'()%2A+,;=b"}),
    ];
    for (path, expected) in [
        ("/admin/x", "admin"),
        ("/items:purge", "items"),
        ("/items%3Apurge", "items"),
        ("/items%3apurge", "items"),
        ("/i%74ems:purge", "400 bad_path"),
        ("/i%74ems%3Apurge", "400 bad_path"),
        ("/@me/a%3Ab", "me"),
        ("/%40me/(x)", "me"),
        ("/%40me%2Fx", "400 bad_path"),
        ("/%40me", "any"),
        ("/a!$&'()*+,;=b", "marks"),
        ("/a%21%24%26%27%28%29%2A%2B%2C%3B%3Db", "marks"),
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

#[tokio::test]
async fn what_a_narrower_route_refuses_goes_to_no_broader_one() {
    let routes = [
        json!({"name": "any", "uri": "/*"}),
        json!({"name": "api", "uri": "/api/*", "methods": ["GET"]}),
        json!({"name": "off", "uri": "/api/off/*", "enabled": false}),
        json!({"name": "deep", "uri": "/api/off/deep/*"}),
        json!({"name": "twice-off", "uri": "/twice", "enabled": false}),
        json!({"name": "twice-on", "uri": "/twice"}),
        json!({"name": "host", "uri": "/h/*", "hosts": ["h.example.com"], "methods": ["GET"]}),
        json!({"name": "wild", "uri": "/h/*", "hosts": ["*.example.com"]}),
        json!({"name": "exact", "uri": "/h/x", "methods": ["PUT"]}),
    ];
    for (host, method, path, expected) in [
        ("x.test", "GET", "/api/x", "api"),
        ("x.test", "POST", "/api/x", "405 method_not_allowed GET"),
        ("x.test", "GET", "/api/off/x", "404 route_not_found"),
        ("x.test", "POST", "/api/off/x", "404 route_not_found"),
        ("x.test", "GET", "/api/off/deep/x", "deep"),
        ("x.test", "GET", "/twice", "twice-on"),
        ("h.example.com", "POST", "/h/y", "405 method_not_allowed GET"),
        ("a.example.com", "POST", "/h/y", "wild"),
        // A route of this path alone is no broader one than a route of this host alone.
        ("h.example.com", "PUT", "/h/x", "exact"),
        ("x.test", "GET", "/h/x", "405 method_not_allowed PUT"),
        ("x.test", "DELETE", "/y", "any"),
    ] {
        assert_eq!(
            taken(&routes, host, method, path).await,
            expected,
            "{host} {method} {path}"
        );
    }
    // Priority comes first, and what has it may be as broad as it likes.
    let preflight = json!({"name": "preflight", "uri": "/*", "methods": ["OPTIONS"], "priority": 9});
    let with_preflight = [&routes[..], &[preflight]].concat();
    for (method, path, expected) in [
        ("OPTIONS", "/api/off/x", "preflight"),
        ("OPTIONS", "/api/x", "preflight"),
        ("GET", "/api/x", "api"),
        ("POST", "/api/x", "405 method_not_allowed GET, OPTIONS"),
        ("DELETE", "/y", "any"),
    ] {
        assert_eq!(
            taken(&with_preflight, "x.test", method, path).await,
            expected,
            "{method} {path}"
        );
    }
    // APISIX goes on to the next route.
    let apisix: Vec<Value> = routes
        .iter()
        .map(|route| {
            let mut route = route.clone();
            route["compat"] = json!("apisix");
            route
        })
        .collect();
    for (method, path, expected) in [
        ("POST", "/api/x", "any"),
        ("GET", "/api/off/x", "api"),
        ("POST", "/api/off/x", "any"),
    ] {
        assert_eq!(
            taken(&apisix, "x.test", method, path).await,
            expected,
            "{method} {path}"
        );
    }
}
