"""An application that uses kawasemi: a channel is configuration, and only 204 is a success."""

from calls import run, settings
from kawasemi import Kawasemi

asked = settings()
own = {} if asked["endpoint"] is None else {"base_url": asked["endpoint"] + "/v2/"}


def send(message, options=None, **channel):
    backend = {"_backend": "kawasemi.backends.hipchat.HipChatChannel", "token": asked["token"], **own, **channel}
    Kawasemi({"CHANNELS": {"room": backend}}).send(message, options=options)


run({"send": send}, asked["calls"])
