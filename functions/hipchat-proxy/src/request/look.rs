//! The calls that are answered from the directory alone; nobody asks Slack for them.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Order, Visit};
use crate::api::v2::Page;
use crate::api::{Answer, Call, Version, v1, v2};
use crate::error::{Failure, Subject};
use crate::rooms::{Room, User};

/// Answers an order.
pub(super) fn look(order: &Order<'_>, visit: &mut Visit) -> Result<Answer, Failure> {
    let told = match order.version {
        Version::V1 => look_v1(order)?,
        Version::V2 => look_v2(order)?,
    };
    visit.account.outcome = ("answered", "read");
    Ok(Answer::document(StatusCode::OK, &told, visit.markup))
}

fn look_v1(order: &Order<'_>) -> Result<Value, Failure> {
    let users = people(order);
    Ok(match order.call {
        Call::Rooms => v1::rooms(covered(order), users),
        Call::Room => v1::room_object(order.place()?.view()?, users),
        Call::History => {
            order.place()?.view()?;
            v1::history()
        }
        Call::Users => v1::users(users),
        Call::User => v1::user_object(user(order)?),
        _ => return Err(Failure::Unsupported),
    })
}

fn look_v2(order: &Order<'_>) -> Result<Value, Failure> {
    let users = people(order);
    let base = &order.base;
    if let Some(place) = &order.place {
        place.view()?;
    }
    if order.user.is_some() {
        user(order)?;
    }
    let page = || Ok(Page::read(order.query)?.within(order.room));
    Ok(match order.call {
        Call::Rooms => v2::rooms(&page()?, covered(order), users, base),
        Call::Room => v2::room(order.place()?.view()?, users, base),
        Call::Users => v2::users(&page()?, users, base),
        Call::User => v2::user(user(order)?, base),
        Call::Statistics => v2::statistics(),
        Call::History | Call::EmptyList => {
            let path: Vec<_> = order
                .path
                .split('/')
                .filter(|segment| !segment.is_empty())
                .skip(1)
                .map(|segment| percent_decode_str(segment).decode_utf8_lossy())
                .collect();
            let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
            page()?.of(std::iter::empty(), base, &path)
        }
        Call::Absent(what) => return Err(Failure::Absent(what)),
        _ => return Err(Failure::Unsupported),
    })
}

/// The rooms that the token covers.
fn covered<'a>(order: &Order<'a>) -> impl Iterator<Item = &'a Room> {
    let grant = order.grant;
    let rooms = order.known.directory.rooms();
    rooms.filter_map(move |(index, room)| grant.covers_listed(index).then_some(room))
}

/// The users, for a token that may see them: for any other, rooms have an owner who is nobody.
fn people<'a>(order: &Order<'a>) -> &'a [User] {
    if order.sees_users {
        order.known.directory.users()
    } else {
        &[]
    }
}

fn user<'a>(order: &Order<'a>) -> Result<&'a User, Failure> {
    let wanted = order.user.unwrap_or_default();
    let found = order.known.directory.find_user(wanted);
    found.ok_or_else(|| Failure::Unknown(Subject::User(wanted.to_owned())))
}
