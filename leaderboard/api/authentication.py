"""Who sends a request: whoever made the token that it bears, for the organisation that the token is of."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leaderboard.models import ApiToken
from leaderboard.services.tokens import find_token

REFUSED = (
    "This is no token that holds. Send `Authorization: Bearer assay_...`, or nothing where it is only read."
)


class BearerToken(BaseAuthentication):
    """An API token. Sessions count for nothing here, so that no other site's page writes in one's name."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        said = get_authorization_header(request).split()
        if not said:
            return None
        if len(said) != 2 or said[0].lower() != b"bearer":
            raise AuthenticationFailed(REFUSED)
        found = find_token(said[1].decode("ascii", errors="replace"))
        if found is None:
            raise AuthenticationFailed(REFUSED)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="assay"'
