"""An application that uses python-simple-hipchat, a client of the first API."""

from calls import run, settings
from hipchat import HipChat

asked = settings()
own = {} if asked["endpoint"] is None else {"url": asked["endpoint"] + "/v1/"}
hipchat = HipChat(token=asked["token"], **own)

run(
    {
        "message_room": hipchat.message_room,
        "list_rooms": hipchat.list_rooms,
        "find_room": hipchat.find_room,
        "show_room": hipchat.show_room,
        "list_users": hipchat.list_users,
        "find_user": hipchat.find_user,
    },
    asked["calls"],
)
