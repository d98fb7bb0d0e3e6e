"""An application that uses hypchat: rooms found by name, then used through the links that the API gives."""

from calls import run, settings
from hypchat import HypChat

asked = settings()
own = {} if asked["endpoint"] is None else {"endpoint": asked["endpoint"]}
hypchat = HypChat(asked["token"], **own)


def room(name):
    found = hypchat.get_room(name)
    return {"class": type(found).__name__, "id": found["id"], "name": found["name"], "url": found.url}


run(
    {
        "rooms": lambda **options: [room["name"] for room in hypchat.rooms(**options).contents()],
        "room": room,
        "notify": lambda room, **options: hypchat.get_room(room).notification(**options),
        "say": lambda room, message: hypchat.get_room(room).message(message),
        "topic": lambda room, text: hypchat.get_room(room).topic(text),
        "history": lambda room: hypchat.get_room(room).history()["items"],
        "users": lambda: [user["mention_name"] for user in hypchat.users().contents()],
        "tell": lambda user, message: hypchat.get_user(user).message(message),
        "webhook": lambda room: hypchat.get_room(room).create_webhook("https://example.com/", "room_message"),
    },
    asked["calls"],
)
