"""How gunicorn serves the site: `gunicorn leaderboard.wsgi --config python:leaderboard.web_server`.

Its own lines are written as all others are. Requests are told of by leaderboard.middleware, which knows
their names and never writes an address: some of them hold secrets.
"""

from __future__ import annotations

from leaderboard import settings

logconfig_dict = settings.LOGGING
control_socket_disable = True
