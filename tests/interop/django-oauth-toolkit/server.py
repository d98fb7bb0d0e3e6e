"""An authorization server made of Django and django-oauth-toolkit: client credentials, introspection and revocation.

Reads one line of JSON, {"clients": [{"id", "secret", "scope"}], "lifetime": seconds, "folder": path}, keeps its database
in that folder, prints its base URL and ends when its standard input does.
"""

import json
import os
import sys
import threading
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

def configure(start):
    scopes = {scope for client in start["clients"] for scope in client["scope"].split()}
    settings.configure(
        SECRET_KEY=os.urandom(32).hex(),
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "oauth2_provider"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        # Tables straight from the models: the history of migrations is not what is tested.
        MIGRATION_MODULES={"contenttypes": None, "auth": None, "oauth2_provider": None},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(start["folder"]) / "tokens.sqlite3",
                "OPTIONS": {"timeout": 10},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "SCOPES": {scope: scope for scope in scopes},
            "ACCESS_TOKEN_EXPIRE_SECONDS": start["lifetime"],
        },
    )
    django.setup()
    # Only now can the library's views be imported.
    settings.ROOT_URLCONF = (path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),)
    call_command("migrate", run_syncdb=True, verbosity=0)


def register(clients):
    from oauth2_provider.models import Application

    for client in clients:
        Application.objects.create(
            client_id=client["id"],
            client_secret=client["secret"],
            # The hash is slow on purpose, and a client shows its secret with every question.
            hash_client_secret=False,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )


def main():
    start = json.loads(sys.stdin.readline())
    configure(start)
    register(start["clients"])
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


main()
