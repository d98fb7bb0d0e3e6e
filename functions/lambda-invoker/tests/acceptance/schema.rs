//! The JSON Schema that is kept beside the function.

#[test]
fn the_kept_schema_is_current() {
    let mut text = serde_json::to_string_pretty(&lambda_invoker::routes::schema()).unwrap();
    text.push('\n');
    let kept = include_str!("../../routes.schema.json");
    assert!(
        kept == text,
        "make it anew: cargo run -p local -- routes schema > functions/lambda-invoker/routes.schema.json"
    );
}
