"""What pages behind the sign-in share: who may see them, and that nobody else keeps a copy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from leaderboard import selectors
from leaderboard.models import Membership, Role
from leaderboard.pages.refusals import translated

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Only for those who are signed in; others are led to the sign-in page. Never cached."""
    return never_cache(login_required(view))


def of_members(view: View) -> View:
    """Only for members of the organisation `slug`: for everybody else there is no such page.

    The view gets the Membership in place of the slug.
    """

    @wraps(view)
    def seen(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = selectors.membership(person(request), slug)
        if found is None:
            raise Http404(gettext("No organisation of yours has this name."))
        return view(request, found, *args, **kwargs)

    return signed_in(seen)


def of_owners(view: View) -> View:
    """Only for owners of the organisation `slug`."""

    @wraps(view)
    def seen(request: HttpRequest, membership: Membership, *args: Any, **kwargs: Any) -> HttpResponse:
        if membership.role != Role.OWNER:
            raise Http404(gettext("Only an owner may do this."))
        return view(request, membership, *args, **kwargs)

    return of_members(seen)


def person(request: HttpRequest) -> User:
    """Who is signed in."""
    return cast(User, request.user)


def refused(form: Form, error: ValidationError) -> None:
    """Show what a service refused beside the field it is about, one message a field."""
    found = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    for name, messages in found.items():
        form.add_error(name if name in form.fields else None, translated(messages[0]))
