"""An application that uses hipnotify, which never raises: the application reads the response or does not."""

from calls import run, settings
from hipnotify import Room

asked = settings()
own = {} if asked["endpoint"] is None else {"endpoint_url": asked["endpoint"]}


def notify(room, **options):
    response = Room(asked["token"], room, **own).notify(**options)
    return {"status": response.status_code, "body": response.text}


run({"notify": notify}, asked["calls"])
