"""The WSGI application that leaderboard.web_server serves."""

from __future__ import annotations

import os
from collections.abc import Iterable

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings")
_django = get_wsgi_application()

# Needs what Django has set up by now.
from leaderboard.at_hand import Application, AtHand, Environ, Start  # noqa: E402

OF_THE_REQUEST = {
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH"),
    *("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR"),
}
"""What every server must say (PEP 3333), whatever this process's environment calls so too."""


def without_secrets(application: Application) -> Application:
    """The server tells its process's environment with each request; keys have no place there."""
    own = {name: value for name, value in os.environ.items() if name not in OF_THE_REQUEST}

    def cleaned(environ: Environ, start_response: Start) -> Iterable[bytes]:
        for name, value in own.items():
            if environ.get(name) == value:
                del environ[name]
        return application(environ, start_response)

    return cleaned


application = AtHand(without_secrets(_django))
