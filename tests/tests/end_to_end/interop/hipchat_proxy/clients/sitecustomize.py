"""Loaded by Python itself into the process of a HipChat client: with HIPCHAT_AT (address:port) set, that is where
HTTPS to api.hipchat.com goes. This is what a private DNS zone does for applications that cannot be told another host.
"""

import os
import socket

NAME = "api.hipchat.com"

if "HIPCHAT_AT" in os.environ:
    address, port = os.environ["HIPCHAT_AT"].rsplit(":", 1)
    real = socket.getaddrinfo

    def getaddrinfo(host, service, *arguments, **options):
        if host in (NAME, NAME.encode()):
            if int(service) != 443:
                raise OSError(f"nothing listens on port {service} of {NAME}")
            host, service = address, int(port)
        return real(host, service, *arguments, **options)

    socket.getaddrinfo = getaddrinfo
