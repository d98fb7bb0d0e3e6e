//! Tests of the objects.

use http::Request;

use super::*;

fn base() -> Base {
    Base::of(Some("https://h"), &Request::new(()))
}

#[test]
fn a_room_holds_what_clients_look_for() {
    let view = RoomView { id: 7, name: "Dev Ops" };
    let object = room(view, &[], &base());
    for member in [
        "id",
        "name",
        "links",
        "version",
        "privacy",
        "is_archived",
        "xmpp_jid",
        "created",
        "last_active",
        "topic",
        "owner",
        "participants",
        "statistics",
        "is_guest_accessible",
        "guest_access_url",
        "avatar_url",
    ] {
        assert!(object.get(member).is_some(), "{member}");
    }
    assert_eq!(object["links"]["self"], "https://h/v2/room/7");
    assert_eq!(object["statistics"]["links"]["self"], "https://h/v2/room/7/statistics");
    assert_eq!(object["owner"]["links"]["self"], "https://h/v2/user/1");
    let unlisted = room(RoomView { id: 0, name: "a/b" }, &[], &base());
    assert_eq!(unlisted["links"]["self"], "https://h/v2/room/a%2Fb");
}

#[test]
fn a_user_holds_what_clients_look_for() {
    let chris = User {
        id: 3,
        name: "Chris Smith".to_owned(),
        mention_name: None,
        email: None,
        slack_id: Some("U3".to_owned()),
    };
    let object = user(&chris, &base());
    for member in [
        "id",
        "name",
        "mention_name",
        "version",
        "links",
        "email",
        "title",
        "presence",
        "is_group_admin",
        "is_guest",
        "is_deleted",
        "timezone",
        "created",
        "last_active",
        "photo_url",
        "xmpp_jid",
    ] {
        assert!(object.get(member).is_some(), "{member}");
    }
    assert_eq!(object["mention_name"], "ChrisSmith");
    assert_eq!(object["links"]["self"], "https://h/v2/user/3");
    assert!(!object.to_string().contains("U3"));
}
