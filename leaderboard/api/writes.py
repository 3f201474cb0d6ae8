"""What the routes behind a token share: their scope, what they refuse and how, and acting once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard.api.base import ApiView, ListView
from leaderboard.api.permissions import ByScope
from leaderboard.models import ApiToken, Organisation
from leaderboard.services.certification import CertificateNotPossible
from leaderboard.services.disputes import DisputeNotPossible
from leaderboard.services.idempotency import Answer, KeyReused, once
from leaderboard.services.submissions import NotPossible
from verifier.models.states import IllegalTransition

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A text of your own, new for every request. The same request sent again with it within a day "
    "gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice.",
)
_KEY = re.compile(r"[!-~]{1,200}\Z")


class Conflict(exceptions.APIException):
    """409: not as things stand now; the message says what to do."""

    status_code = 409
    default_code = "conflict"


class OtherRequest(exceptions.APIException):
    """422: the key belongs to another request."""

    status_code = 422
    default_detail = "This Idempotency-Key was sent with another request. Take a new one."
    default_code = "idempotency_key_reused"


class Guarded(ApiView):
    """For the organisation of a token alone. `scopes`: the scope that each method takes."""

    permission_classes = (ByScope,)
    scopes: Mapping[str, str] = {}

    @property
    def token(self) -> ApiToken:
        """The token of this request."""
        found: ApiToken = self.request.auth  # type: ignore[assignment]
        return found

    @property
    def organisation(self) -> Organisation:
        """Whom it is of."""
        return self.token.organisation

    @property
    def person(self) -> User:
        """Who made it."""
        return self.token.user

    def act(self, request: Request, act: Callable[[], Answer], *, keeps: bool = True) -> Response:
        """Do it, all of it or nothing, and once an Idempotency-Key. `keeps`: no secret is in its answer."""
        key = request.headers.get("Idempotency-Key")
        with telling(), transaction.atomic():
            if key is None or not keeps:
                status, body = act()
                return Response(body, status=status)
            if not _KEY.match(key):
                raise exceptions.ValidationError({"Idempotency-Key": "1 to 200 printable ASCII characters."})
            sent = f"{request.method} {request.path}\n{request.data!r}".encode("utf-8", "backslashreplace")
            try:
                (status, body), again = once(self.organisation, key, sent, act)
            except KeyReused:
                raise OtherRequest from None
        return Response(body, status=status, headers={"Idempotent-Replayed": "true"} if again else {})


class GuardedList(Guarded, ListView):
    """A list of what is the organisation's own."""


def said(serializer: type[serializers.Serializer[Any]], request: Request, **kwargs: Any) -> dict[str, Any]:
    """What was sent, checked: every field by its kind, and none that is not known. Raises ValidationError."""
    given = serializer(data=request.data, **kwargs)
    if isinstance(request.data, dict) and (unknown := sorted(set(request.data) - set(given.fields))):
        name = unknown[0][:80].encode("utf-8", "replace").decode()
        raise exceptions.ValidationError(
            {name: f"There is no such field. Known here: {', '.join(sorted(given.fields))}."}
        )
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


@contextmanager
def telling() -> Iterator[None]:
    """Services' refusals as problem documents."""
    try:
        yield
    except ValidationError as error:
        found = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        raise exceptions.ValidationError(
            {"non_field_errors" if name == "__all__" else name: text for name, text in found.items()}
        ) from None
    except (NotPossible, IllegalTransition, DisputeNotPossible, CertificateNotPossible) as error:
        raise Conflict(str(error)) from None
    except PermissionError as error:
        raise exceptions.PermissionDenied(str(error)) from None
