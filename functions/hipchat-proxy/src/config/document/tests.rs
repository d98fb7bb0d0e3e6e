//! Tests of the strict reading of documents.

use super::*;

#[test]
fn every_problem_is_told_with_its_path_and_without_values() {
    let mut document = Document::new("DOC");
    let text = r#"{"list": [{"n": 1, "n": 2, "s3cret": 1}, "s3cret"], "flag": "s3cret", "word": "s3cret",
        "texts": ["a", 5, ""], "number": 1.5, "text": ""}"#;
    let mut members = document.object(text).unwrap();
    for mut item in members.objects(&mut document, "list") {
        item.number(&mut document, "n", 0..=9);
        item.required(&mut document, "name");
        item.finish(&mut document);
    }
    members.flag(&mut document, "flag");
    members.choice(&mut document, "word", &[("a", 1), ("b", 2)]);
    assert_eq!(members.texts(&mut document, "texts"), ["a"]);
    members.number(&mut document, "number", 1..=5);
    members.text(&mut document, "text");
    members.finish(&mut document);
    assert_eq!(
        document.into_problems(),
        [
            "DOC: list[0].n: is given twice",
            "DOC: list[1]: must be an object",
            "DOC: list[0].name: is required",
            "DOC: list[0].s3cret: is not known",
            "DOC: flag: must be true or false",
            "DOC: word: must be one of a, b",
            "DOC: texts[1]: must be a text without control characters, not empty",
            "DOC: texts[2]: must be a text without control characters, not empty",
            "DOC: number: must be a whole number from 1 to 5",
            "DOC: text: must be a text without control characters, not empty",
        ]
    );
}

#[test]
fn null_is_absent_and_booleans_have_the_suites_spellings() {
    let mut document = Document::new("DOC");
    let mut members = document
        .object(r#"{"a": null, "b": "TRUE", "c": 1, "d": "0", "e": null}"#)
        .unwrap();
    assert_eq!(members.text(&mut document, "a"), None);
    assert!(members.flag(&mut document, "b") && members.flag(&mut document, "c"));
    assert!(!members.flag(&mut document, "d"));
    assert_eq!(members.required(&mut document, "e"), None);
    members.finish(&mut document);
    assert_eq!(document.into_problems(), ["DOC: e: is required"]);
}

#[test]
fn a_document_of_the_wrong_shape_is_one_problem() {
    for (text, problem) in [
        ("{", "DOC: is JSON that ends too early (line 1, column 1)"),
        ("[]", "DOC: must be an object"),
        ("{}x", "DOC: is not valid JSON (line 1, column 3)"),
    ] {
        let mut document = Document::new("DOC");
        assert!(document.object(text).is_none());
        assert_eq!(document.into_problems(), [problem]);
    }
    let mut document = Document::new("DOC");
    assert!(document.list("{}").is_empty());
    assert_eq!(document.into_problems(), ["DOC: must be a list"]);
}
