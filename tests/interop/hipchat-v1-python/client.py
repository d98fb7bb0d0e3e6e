"""An application that uses three clients of the first API: hipchat-api, hipchat-notif and hipsaint, which Nagios calls."""

from urllib.parse import urlsplit

from calls import run, settings
from hipchat import Api
from hipchat_notif import HipchatNotificator
from hipsaint.messages import HipchatMessage

asked = settings()
endpoint = asked["endpoint"]


def api_message(room, **options):
    api = Api(asked["token"], base_url=endpoint and endpoint + "/v1/")
    found = next(listed for listed in api.rooms.list() if listed.name == room)
    found.message(**options)


def notif(room, sender, **options):
    # The host is a constant of the client.
    client = HipchatNotificator(asked["token"])
    client.room, client.notification_name = room, sender
    client.send_message(**options)


def nagios(room, inputs, version, notify):
    host = endpoint and urlsplit(endpoint).netloc
    message = HipchatMessage("service", inputs, asked["token"], "Nagios", room, notify, host, version)
    message.deliver_payload()


run({"api_message": api_message, "notif": notif, "nagios": nagios}, asked["calls"])
