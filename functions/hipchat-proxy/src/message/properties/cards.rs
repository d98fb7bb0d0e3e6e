//! Properties of cards: whatever their members are, the blocks are within Slack's limits and call nobody.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::sources::hostile;
use super::{Card, Emoticons, Mentions, NOBODY, Ping, Rules, audit};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn cards_are_within_slacks_limits(card in card(), strict in any::<bool>()) {
        let people = Mentions::new([("chris", "U3")].into_iter());
        let rules = Rules { mentions: Ping::Channel, people: &people, emoticons: &Emoticons::default(), strict };
        let Ok(read) = Card::read(&card) else { return Ok(()) };
        let drawn = read.draw(rules);
        let blocks = serde_json::to_value(&drawn.blocks).unwrap();
        let blocks = blocks.as_array().unwrap();
        prop_assert!((1..=50).contains(&blocks.len()));
        let mut total = 0;
        for block in blocks {
            check_block(block, &mut total)?;
        }
        prop_assert!(total <= 13_000, "{total}");
    }
}

fn check_text(object: &Value, longest: usize, total: &mut usize) -> Result<(), TestCaseError> {
    let text = object["text"].as_str().unwrap();
    prop_assert_eq!((&object["type"], &object["verbatim"]), (&json!("mrkdwn"), &json!(true)));
    let length = text.chars().count();
    prop_assert!((1..=longest).contains(&length), "{length} {text}");
    *total += length;
    audit(text, NOBODY)
}

fn check_image(image: &Value) -> Result<(), TestCaseError> {
    let (address, alt) = (
        image["image_url"].as_str().unwrap(),
        image["alt_text"].as_str().unwrap(),
    );
    prop_assert!(
        address.to_lowercase().starts_with("https://") && address.len() <= 3000 && !address.contains(['<', ' '])
    );
    prop_assert!((1..=2000).contains(&alt.chars().count()));
    Ok(())
}

fn check_block(block: &Value, total: &mut usize) -> Result<(), TestCaseError> {
    match block["type"].as_str().unwrap() {
        "section" => {
            prop_assert!(block.get("text").is_some() || block.get("fields").is_some());
            if let Some(text) = block.get("text") {
                check_text(text, 3000, total)?;
            }
            for field in block.get("fields").and_then(Value::as_array).into_iter().flatten() {
                check_text(field, 2000, total)?;
            }
            prop_assert!(
                block
                    .get("fields")
                    .is_none_or(|fields| (1..=10).contains(&fields.as_array().unwrap().len()))
            );
            block.get("accessory").map_or(Ok(()), check_image)
        }
        "context" => {
            let elements = block["elements"].as_array().unwrap();
            prop_assert!((1..=10).contains(&elements.len()));
            elements.iter().try_for_each(|element| match element["type"].as_str() {
                Some("image") => check_image(element),
                _ => check_text(element, 2000, total),
            })
        }
        "image" => check_image(block),
        other => Err(TestCaseError::fail(other.to_owned())),
    }
}

/// A card: its members are mostly of the right types.
fn card() -> impl Strategy<Value = Value> {
    let long = (hostile(), 1_usize..60).prop_map(|(text, times)| json!(text.repeat(times)));
    let url = proptest::sample::select(vec![
        "https://x/i.png",
        "http://x/?a&b",
        "https://x/<!here>|`",
        "javascript:x",
        "",
        "x",
        "HTTPS://É/ b",
    ])
    .prop_map(|url| json!(url));
    let long_url = (1_usize..4000).prop_map(|length| json!(format!("https://x/{}", "&y".repeat(length / 2))));
    let odd = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(5.5)),
        Just(json!([[]])),
        Just(json!({}))
    ];
    let url = prop_oneof![3 => url, 1 => long_url, 1 => odd.clone()].boxed();
    let text = prop_oneof![2 => hostile().prop_map(|text| json!(text)), 2 => long, 1 => odd.clone()].boxed();
    let picture = prop_oneof![
        url.clone(),
        url.clone().prop_map(|url| json!({"url": url})),
        odd.clone()
    ]
    .boxed();
    let description = prop_oneof![
        text.clone(),
        (text.clone(), proptest::sample::select(vec!["html", "text", "x"]))
            .prop_map(|(value, format)| json!({"value": value, "format": format})),
    ];
    let style = proptest::sample::select(vec!["file", "image", "application", "link", "media", "x"]);
    let words = prop_oneof![3 => hostile().prop_map(|text| json!(text)), 1 => odd.clone()].boxed();
    let value = (
        words.clone(),
        url.clone(),
        proptest::sample::select(vec!["lozenge-error", "lozenge", "x"]),
    )
        .prop_map(|(label, url, style)| json!({"label": label, "url": url, "style": style}));
    let attribute = (words.clone(), prop_oneof![3 => value.boxed(), 1 => words.clone()])
        .prop_map(|(label, value)| json!({"label": label, "value": value}));
    let attributes = (proptest::collection::vec(attribute, 0..8), 1_usize..20)
        .prop_map(|(some, times)| json!(std::iter::repeat_n(some, times).flatten().collect::<Vec<Value>>()));
    let activity = (text.clone(), picture.clone()).prop_map(|(html, icon)| json!({"html": html, "icon": icon}));
    (
        style,
        text,
        url,
        description,
        picture.clone(),
        picture,
        prop_oneof![activity, odd],
        attributes,
    )
        .prop_map(
            |(style, title, url, description, thumbnail, icon, activity, attributes)| {
                json!({"style": style, "id": "1", "title": title, "url": url, "description": description,
                "thumbnail": thumbnail, "icon": icon, "activity": activity, "attributes": attributes})
            },
        )
}
