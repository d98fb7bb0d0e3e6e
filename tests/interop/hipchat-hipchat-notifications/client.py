"""An application that uses hipchat-notifications, which takes its host and its tokens from the environment."""

import os
from urllib.parse import urlsplit

from calls import run, settings

asked = settings()
os.environ["HIPCHAT_API_TOKEN"] = asked["token"]
if asked["endpoint"] is not None:
    os.environ["HIPCHAT_API_SERVER"] = urlsplit(asked["endpoint"]).netloc

# The client reads the environment as it is imported.
import hipchat.notifications as client  # noqa: E402


def notify_room(room, message, **options):
    return client.notify_room(room, message, **options).status_code


def notify_user(user, message, **options):
    return client.notify_user(user, message, **options).status_code


run({"notify_room": notify_room, "notify_user": notify_user}, asked["calls"])
