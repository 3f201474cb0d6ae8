"""The addresses of django-allauth: signing in and out, addresses, second factors, sessions.

Its pages follow the language. Where another service sends people back to has one address alone, which is
registered there.
"""

from __future__ import annotations

from allauth import urls
from django.urls import include, path

from leaderboard.languages import spoken

PAGES = {"", "2fa/", "3rdparty/", "sessions/"}
"""What django-allauth has pages under; the rest are its providers' and its own former addresses."""

_pages = [one for one in urls.urlpatterns if str(one.pattern) in PAGES]
_others = [one for one in urls.urlpatterns if str(one.pattern) not in PAGES]
urlpatterns = [path(spoken("account/"), include(_pages)), path("account/", include(_others))]
