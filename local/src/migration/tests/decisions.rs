//! Where two lines, two members or two numbers could be meant, nothing is guessed.

use serde_json::json;

use super::*;

#[test]
fn two_decisions_for_one_room_are_a_problem_of_both_lines() {
    let rooms = read_rooms("rooms", r#"[{"id": 7, "name": "Dev Ops"}, {"id": 8, "name": "Ärzte"}]"#).unwrap();
    let decide = |text: &str| match_rooms(&rooms, &channels(), &read_decisions("d", text).unwrap());
    assert_eq!(
        decide("Dev Ops\tC1\n\n7\tC2").unwrap_err(),
        ["decision on line 3: the room \"7\" stands on line 1 already, as \"Dev Ops\""]
    );
    assert_eq!(
        read_decisions("d", "Ärzte\tC1\nÄRZTE\tC2").unwrap_err(),
        ["d: line 2: the room \"ÄRZTE\" stands on line 1 already"]
    );
    // Editors of Windows begin a file with a byte order mark.
    assert!(decide("\u{feff}Ärzte\tC1").is_ok());
    assert_eq!(read_rooms("rooms", "\u{feff}Ops").unwrap()[0].name, "Ops");
}

#[test]
fn a_name_of_several_channels_decides_nothing() {
    let answer = r#"[{"id": "C1", "name": "ops"}, {"id": "C2", "name": "ops"}, {"id": "C3", "name": "dev"},
        {"id": "C4", "name": "dev", "is_archived": true}]"#;
    let channels = read_channels("c", answer).unwrap();
    let rooms = read_rooms("rooms", "A\nB").unwrap();
    let decide = |text: &str| match_rooms(&rooms, &channels, &read_decisions("d", text).unwrap());
    assert_eq!(
        decide("A\t#ops").unwrap_err(),
        ["decision on line 1: \"#ops\" is the name of several channels: C1, C2"]
    );
    let decided = decide("A\tC2\nB\tdev").unwrap();
    let ids = decided.iter().map(|outcome| match outcome {
        Outcome::Matched(channel, Found::Decided) => channel.id.as_str(),
        _ => "none",
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["C2", "C3"]);
}

#[test]
fn members_with_one_address_are_ambiguous() {
    let rooms = read_rooms("rooms", "ops").unwrap();
    let outcomes = match_rooms(&rooms, &channels(), &[]).unwrap();
    let users = read_users("users.json", EXPORTED_USERS).unwrap();
    let listed = r#"{"ok": true, "members": [{"id": "U3", "profile": {"email": "chris@example.com"}},
        {"id": "U4", "profile": {"email": "CHRIS@example.com"}}, {"id": "U3", "profile": {"email": "chris@example.com"}}]}"#;
    let members = read_members("members.json", listed).unwrap();
    let made = directory(&rooms, &outcomes, &users, &members).unwrap();
    assert_eq!(made.document["users"][0].get("slack_id"), None);
    assert!(
        made.report
            .contains("without Slack id\tChris Smith\t3\t\tambiguous: U3, U4\n"),
        "{}",
        made.report
    );
    // One page of the list may repeat what another says.
    let one = directory(&rooms, &outcomes, &users, &[members[0].clone(), members[2].clone()]).unwrap();
    assert_eq!(one.document["users"][0]["slack_id"], "U3");
}

#[test]
fn rooms_and_users_without_a_number_get_none_that_a_client_may_have_kept() {
    let rooms = read_rooms("rooms", "nowhere\nops\nDev Ops").unwrap();
    let outcomes = match_rooms(&rooms, &channels(), &[]).unwrap();
    let users = read_users("u", r#"[{"name": "A"}, {"name": "B", "id": 1}]"#).unwrap();
    let made = directory(&rooms, &outcomes, &users, &[]).unwrap();
    assert_eq!(
        made.document["rooms"],
        json!([{"name": "ops", "id": 2_000_000_002, "channel": "C1"}, {"name": "Dev Ops", "id": 2_000_000_003, "channel": "C2"}])
    );
    assert_eq!(
        made.document["users"],
        json!([{"name": "A", "id": 2_000_000_001}, {"name": "B", "id": 1}])
    );
    assert!(
        made.report.contains("exact\tops\t2000000002\tC1\t#ops\n"),
        "{}",
        made.report
    );
}
