//! What is read, what is matched, what is told: names of rooms and channels.

mod credentials;
mod decisions;
mod recordings;
mod tokens;

use serde_json::json;

use super::matching::in_slacks_spelling;
use super::*;

fn channels() -> Vec<Channel> {
    let answers = r#"{"ok": true, "channels": [{"id": "C1", "name": "ops", "is_archived": false}, {"id": "C2", "name": "dev-ops"},
        {"id": "C3", "name": "old", "is_archived": true}], "response_metadata": {"next_cursor": "x"}}
        {"ok": true, "channels": [{"id": "C4", "name": "café"}, {"id": "C5", "name": "q_a"}, {"id": "C6", "name": "q-a"}, {"id": "C1", "name": "ops"}]}"#;
    read_channels("channels.json", answers).unwrap()
}

#[test]
fn a_list_of_slacks_that_goes_on_is_not_taken_for_whole() {
    let page = |member: &str, next: &str| {
        format!(
            r#"{{"ok": true, "{member}": [{{"id": "C1", "name": "ops", "profile": {{"email": "e"}}}}], "response_metadata": {{"next_cursor": "{next}"}}}}"#
        ) + "\n"
    };
    let (first, last) = (page("channels", "dGVhbQ=="), page("channels", ""));
    assert_eq!(
        read_channels("c.json", &(last.clone() + &first)).unwrap_err(),
        ["c.json: line 2: Slack's list goes on: append its next page, asked for with &cursor=dGVhbQ%3D%3D"]
    );
    assert_eq!(read_channels("c.json", &(first + &last)).unwrap().len(), 1);
    let (first, last) = (page("members", "dXNlcg=="), page("members", ""));
    let problems = read_members("m.json", &first).unwrap_err();
    assert!(
        problems[0].starts_with("m.json: line 1: Slack's list goes on"),
        "{problems:?}"
    );
    assert_eq!(read_members("m.json", &(first + &last)).unwrap().len(), 2);
}

/// Each room's outcome in one word or sentence.
#[track_caller]
fn check(rooms: &str, decisions: &str, expected: &[&str]) {
    let rooms = read_rooms("rooms", rooms).unwrap();
    let decisions = read_decisions("decisions", decisions).unwrap();
    let told: Vec<String> = match_rooms(&rooms, &channels(), &decisions)
        .unwrap()
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Matched(channel, found) => format!("{} {}", found.word(), channel.id),
            Outcome::Archived => "archived".to_owned(),
            Outcome::Unmatched(why) => why,
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn rooms_find_their_channels_and_nothing_is_guessed() {
    check(
        "ops\n\n  Dev Ops \nCafé",
        "",
        &["exact C1", "normalised C2", "normalised C4"],
    );
    // What Slack's spelling would lose may be what tells them apart.
    check(
        "Dev & Ops\n#Ops!\n.Dev Ops\n Dev. ops",
        "",
        &[
            "no channel has this name; like it: #dev-ops (C2)",
            "no channel has this name; like it: #ops (C1)",
            "no channel has this name; like it: #dev-ops (C2)",
            "normalised C2",
        ],
    );
    check(
        "nowhere\nOld\n!!!",
        "",
        &[
            "no channel has this name",
            "the channel #old is archived",
            "no channel has this name",
        ],
    );
    check("Q A\nq_a", "", &["normalised C6", "exact C5"]);
    // Two rooms for one channel: the one that has its very name keeps it, else it is nobody's.
    check(
        "dev-ops\nDev Ops",
        "",
        &["exact C2", "ambiguous: #dev-ops is also that of \"dev-ops\""],
    );
    check(
        "Dev Ops\nDev.Ops",
        "",
        &[
            "ambiguous: #dev-ops is also that of \"Dev.Ops\"",
            "ambiguous: #dev-ops is also that of \"Dev Ops\"",
        ],
    );
    // Two channels for one room.
    let several = [
        Channel {
            id: "C8".to_owned(),
            name: "a--b".to_owned(),
            is_archived: false,
        },
        Channel {
            id: "C9".to_owned(),
            name: "a-b".to_owned(),
            is_archived: false,
        },
    ];
    let rooms = read_rooms("rooms", "A B").unwrap();
    assert_eq!(
        match_rooms(&rooms, &several, &[]).unwrap(),
        [Outcome::Unmatched("ambiguous: #a--b (C8), #a-b (C9)".to_owned())]
    );
    // The operator's word goes before all.
    check("Night shift\nops", "night SHIFT\t#ops\n", &["decided C1", "exact C1"]);
}

#[test]
fn names_are_spelt_as_slack_spells_them() {
    for (name, spelt) in [
        ("Dev Ops", "dev-ops"),
        (" v1.2 -  Büro ", "v1-2-büro"),
        (" R&D / #3 ", "r&d-/-#3"),
        ("C++", "c++"),
        ("under_score", "under_score"),
        ("--", "-"),
        ("会議室", "会議室"),
    ] {
        assert_eq!(in_slacks_spelling(name), spelt, "{name}");
    }
    assert_eq!(in_slacks_spelling(&"a".repeat(90)).len(), 90);
}

#[test]
fn decisions_must_name_what_there_is() {
    let rooms = read_rooms(
        "rooms",
        r#"[{"Room": {"id": 7, "name": "A"}}, {"Room": {"id": "8", "name": "B", "is_archived": true}}]"#,
    )
    .unwrap();
    let decide = |text: &str| match_rooms(&rooms, &channels(), &read_decisions("d", text).unwrap());
    assert_eq!(
        decide("7\tC2\nB\tops")
            .unwrap()
            .iter()
            .map(|outcome| matches!(outcome, Outcome::Matched(_, Found::Decided)))
            .collect::<Vec<_>>(),
        [true, true]
    );
    assert_eq!(
        decide("C\tops\nA\tnope\nB\told\n").unwrap_err(),
        [
            "decision on line 1: there is no room \"C\"",
            "decision on line 2: there is no channel \"nope\"",
            "decision on line 3: the channel \"old\" is archived",
        ]
    );
    assert_eq!(
        read_decisions("d", "A ops\n\nA\tops\na\tops").unwrap_err(),
        [
            "d: line 1: must be a room, a tab and a channel",
            "d: line 4: the room \"a\" stands on line 3 already"
        ]
    );
}

const EXPORTED_USERS: &str = r#"[
  {"User": {"account_type": "user", "avatar": null, "created": "2015-11-09T05:32:11Z", "email": "Chris@example.com", "id": 3, "is_deleted": false,
            "mention_name": "chris", "name": "Chris Smith", "roles": ["user"], "rooms": [7], "timezone": "UTC", "title": ""}},
  {"User": {"email": "gone@example.com", "id": 4, "is_deleted": true, "mention_name": "gone", "name": "Gone"}},
  {"User": {"email": "", "id": 5, "is_deleted": false, "mention_name": "bot", "name": "Bot"}}
]"#;

#[test]
fn an_export_becomes_a_directory() {
    let exported = r#"[{"Room": {"created": "2015-11-09T05:32:11Z", "guest_access_url": null, "id": 7, "is_archived": false, "members": [], "name": "Dev Ops",
        "owner": 3, "participants": [], "privacy": "public", "room_admins": [3], "topic": "x"}}, {"Room": {"id": 9, "name": "ops"}},
        {"Room": {"id": 10, "is_archived": true, "name": "Past"}}, {"Room": {"id": 11, "name": "Nobody"}}]"#;
    let rooms = read_rooms("rooms.json", exported).unwrap();
    let outcomes = match_rooms(&rooms, &channels(), &[]).unwrap();
    let users = read_users("users.json", EXPORTED_USERS).unwrap();
    let listed = r#"{"ok": true, "members": [{"id": "U3", "deleted": false, "profile": {"email": "chris@EXAMPLE.com"}}, {"id": "U9", "profile": {}}]}"#;
    let members = read_members("members.json", listed).unwrap();
    let made = directory(&rooms, &outcomes, &users, &members).unwrap();
    assert_eq!(
        made.document,
        json!({
            "rooms": [{"name": "Dev Ops", "id": 7, "channel": "C2"}, {"name": "ops", "id": 9, "channel": "C1"}],
            "users": [{"name": "Chris Smith", "id": 3, "mention_name": "chris", "email": "Chris@example.com", "slack_id": "U3"},
                      {"name": "Bot", "id": 5, "mention_name": "bot"}],
            "fallback": "reject",
        })
    );
    assert_eq!(made.unmatched, 1);
    assert_eq!(
        made.report,
        "how\troom\tid\tchannel\tname\nnormalised\tDev Ops\t7\tC2\t#dev-ops\nexact\tops\t9\tC1\t#ops\n\
         left out\tPast\t10\t\tarchived in HipChat\nUNMATCHED\tNobody\t11\t\tno channel has this name\n\
         without Slack id\tBot\t5\t\thas no address\n"
    );
}

#[test]
fn what_the_function_would_refuse_is_no_directory() {
    let rooms = read_rooms("rooms", "nowhere").unwrap();
    let outcomes = match_rooms(&rooms, &channels(), &[]).unwrap();
    let problems = directory(&rooms, &outcomes, &[], &[]).unwrap_err();
    assert!(problems[0].contains("UNMATCHED\tnowhere"), "{problems:?}");
    assert_eq!(
        problems[1],
        "HIPCHAT_DIRECTORY: rooms: must hold at least one room unless fallback is default or slug"
    );
}

#[test]
fn other_lists_of_rooms_are_read() {
    for text in [
        r#"{"items": [{"id": 7, "name": "A", "links": {"self": "https://x/v2/room/7"}}], "startIndex": 0}"#,
        r#"{"rooms": [{"room_id": 7, "name": "A", "is_archived": 0}]}"#,
        r#" [{"id": "7", "name": " A "}]"#,
        "\u{feff}[{\"Room\": {\"id\": 7, \"name\": \"A\"}}]",
    ] {
        let rooms = read_rooms("rooms", text).unwrap();
        assert_eq!(
            (rooms.len(), rooms[0].name.as_str(), rooms[0].id, rooms[0].is_archived),
            (1, "A", Some(7), false),
            "{text}"
        );
    }
    // A list of names may look odd.
    assert_eq!(read_rooms("rooms", "[ops]\n{x}").unwrap()[0].name, "[ops]");
}

#[test]
fn problems_name_their_line() {
    let rooms = |text: &str| read_rooms("r", text).unwrap_err();
    assert_eq!(
        rooms("[\n {\"Room\": {\"id\": 1,}}\n]"),
        ["r: line 2: no valid JSON (column 20)"]
    );
    assert_eq!(
        rooms("[\n{\"Room\": {\"id\": 1}},\n{\"Room\": {\"name\": \"A\", \"id\": \"x\"}},\n\n{\"Room\": 5}]"),
        ["r: line 5: Room must be an object"]
    );
    assert_eq!(
        rooms("[\n{\"Room\": {\"id\": 1}},\n{\"Room\": {\"name\": \"A\", \"id\": \"x\"}}]"),
        [
            "r: line 2: a room has no name",
            "r: line 3: a room has an id that is no whole number"
        ]
    );
    assert_eq!(
        rooms("Ops\n\nDev\nOPS"),
        ["r: line 4: the room \"OPS\" stands on line 1 already"]
    );
    assert_eq!(rooms(" \n"), ["r: holds no room"]);
    assert_eq!(
        rooms("{}"),
        ["r: line 1: must be a list, or have the member items or rooms"]
    );
    assert_eq!(rooms("{\"x\": 1,\n\"items\": 5}"), ["r: line 2: must be a list"]);
    let channels = |text: &str| read_channels("c", text).unwrap_err();
    assert_eq!(
        channels("{\"ok\": false, \"error\": \"missing_scope\"}"),
        ["c: line 1: Slack's answer is the error \"missing_scope\""]
    );
    assert_eq!(
        channels("{\"channels\": [{\"id\": \"C1\", \"name\": \"a\"}]}\n{\"channels\": [\n{\"id\": \"C2\"}]}"),
        ["c: line 3: a channel has no id or no name"]
    );
    assert_eq!(channels("{\"channels\": []}"), ["c: holds none of Slack's channels"]);
    assert_eq!(channels("{\"channels\": []"), ["c: line 1: no valid JSON (column 15)"]);
    assert_eq!(
        read_users("u", "[{\"User\": {\"name\": \"\"}}]").unwrap_err(),
        ["u: line 1: a user has no name"]
    );
}
