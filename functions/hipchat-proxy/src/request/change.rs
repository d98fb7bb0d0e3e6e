//! The calls that would change what lives in the directory or nowhere: refused in HipChat's own words, or answered as if
//! they had been done, as the operator wants it.

use http::StatusCode;
use serde_json::json;

use super::{Order, Visit};
use crate::App;
use crate::api::{Answer, Change, Unsupported, Version, v1, v2};
use crate::error::Failure;
use crate::rooms::User;

/// The number of a webhook that nobody calls.
const WEBHOOK: u64 = 1;

impl App {
    pub(super) fn change(&self, order: &Order<'_>, change: Change, visit: &mut Visit) -> Result<Answer, Failure> {
        if self.policy.unsupported == Unsupported::Refuse {
            return Err(Failure::Unsupported);
        }
        visit.account.outcome = ("answered", "accepted");
        let directory = &order.known.directory;
        let name = order.fields.some_text("name");
        let named = || name.clone().ok_or(Failure::BadArgument("name is required"));
        let next_user = || directory.users().iter().map(|user| user.id).max().unwrap_or_default() + 1;
        let told = match (change, order.version) {
            (Change::Silent, _) => return Ok(Answer::no_content()),
            (Change::CreateRoom, version) => {
                let name = named()?;
                let rooms = directory.rooms().map(|(_, room)| room.id);
                let id = rooms.max().unwrap_or_default() + 1;
                match version {
                    Version::V1 => v1::created_room(id, &name, directory.users()),
                    Version::V2 => v2::created(id, &order.base.at(&["room", &id.to_string()])),
                }
            }
            (Change::CreateWebhook, _) => {
                let room = order.place()?.view()?.id.to_string();
                let number = WEBHOOK.to_string();
                v2::created(WEBHOOK, &order.base.at(&["room", &room, "webhook", &number]))
            }
            (Change::PutUser, Version::V2) => {
                let id = next_user();
                v2::created(id, &order.base.at(&["user", &id.to_string()]))
            }
            (Change::PutUser, Version::V1) => {
                let known = order.fields.some_text("user_id");
                let known = known.and_then(|wanted| directory.find_user(&wanted));
                v1::user_object(&User {
                    id: known.map_or_else(next_user, |user| user.id),
                    name: name.or_else(|| Some(known?.name.clone())).unwrap_or_default(),
                    mention_name: known.and_then(|user| user.mention_name.clone()),
                    email: order.fields.some_text("email"),
                    slack_id: None,
                })
            }
            (Change::DeleteRoom | Change::DeleteUser, _) => json!({"deleted": true}),
            (Change::UndeleteUser, _) => json!({"undeleted": true}),
        };
        let status = match order.version {
            Version::V1 => StatusCode::OK,
            Version::V2 => StatusCode::CREATED,
        };
        Ok(Answer::document(status, &told, visit.markup))
    }
}
