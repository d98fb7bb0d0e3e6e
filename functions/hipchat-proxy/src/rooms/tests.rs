//! Tests of the look-ups.

use super::*;

fn room(name: &str, id: u64, aliases: &[&str]) -> Room {
    Room {
        name: name.to_owned(),
        id,
        channel: Some("C1".to_owned()),
        webhook: None,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        notify: Ping::None,
        mentions: Ping::None,
    }
}

#[test]
fn rooms_are_found_in_the_documented_order() {
    let rooms = vec![
        room("Dev Ops", 7, &["devops", "operations"]),
        room("8", 1, &[]),
        room("100%", 8, &[]),
        room("Café", 9, &[]),
        room("a%20b", 10, &[]),
        room("a b", 11, &[]),
        room("X%20Y", 12, &[]),
        room("x y", 13, &[]),
    ];
    let directory = Directory::new(rooms, Vec::new(), Fallback::Reject, |place, _| panic!("{place}"));
    for (wanted, index) in [
        ("Dev Ops", Some(0)),
        ("Dev%20Ops", Some(0)),
        ("dev ops", Some(0)),
        ("DEV%20ops", Some(0)),
        ("7", Some(0)),
        ("DevOps", Some(0)),
        ("OPERATIONS", Some(0)),
        ("8", Some(1)),
        ("1", Some(1)),
        ("100%", Some(2)),
        ("CAFÉ", Some(3)),
        ("caf%C3%A9", Some(3)),
        ("a%20b", Some(4)),
        ("a b", Some(5)),
        ("x%20y", Some(7)),
        ("x%20Y", Some(6)),
        ("nope", None),
        ("", None),
    ] {
        assert_eq!(directory.find(wanted).map(|index| index.0), index, "{wanted}");
    }
}

#[test]
fn names_that_two_rooms_share_are_told() {
    let rooms = vec![
        room("Ops", 2, &["x"]),
        room("ops", 2, &["X", "ops"]),
        room("Dev", 3, &["OPS", "dev"]),
    ];
    let mut clashes = Vec::new();
    Directory::new(rooms, Vec::new(), Fallback::Reject, |place, first| {
        clashes.push((place, first))
    });
    let expected = [
        ("rooms[1].name", 0),
        ("rooms[1].id", 0),
        ("rooms[1].aliases[0]", 0),
        ("rooms[1].aliases[1]", 0),
        ("rooms[2].aliases[0]", 0),
    ];
    assert_eq!(
        clashes,
        expected.map(|(place, first)| (place.to_owned(), format!("rooms[{first}]")))
    );
}

#[test]
fn a_slug_is_what_slack_takes_for_a_channels_name() {
    for (name, expected) in [
        ("Dev Ops", "dev-ops"),
        ("  R&D: Tools_2 ", "r-d--tools_2"),
        ("Café", "caf-"),
        ("#ops", "-ops"),
    ] {
        assert_eq!(slug(name), expected, "{name}");
    }
    assert_eq!(slug(&"x".repeat(200)).len(), 80);
}
