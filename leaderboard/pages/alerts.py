"""Asking for alerts by mail without an account, confirming that, and ending it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from leaderboard.services import subscriptions
from verifier.models import Endpoint, Model, Provider


class AddressForm(forms.Form):
    """Where to."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)


@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Alerts about one endpoint."""
    return _subscribe(request, Endpoint.objects.filter(pk=endpoint_id, listed=True).first())


@require_http_methods(["GET", "HEAD", "POST"])
def model(request: HttpRequest, org: str, name: str) -> HttpResponse:
    """Alerts about every endpoint of a model."""
    return _subscribe(request, Model.objects.filter(org=org, name=name).first())


@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: HttpRequest, slug: str) -> HttpResponse:
    """Alerts about every endpoint of a provider."""
    return _subscribe(request, Provider.objects.filter(slug=slug).first())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the first mail. Opening it does nothing yet: mail programs open links by themselves."""
    found = subscriptions.subscription_of(token, leaving=False)
    if found is None:
        heading = gettext("This link is too old or incomplete")
        return _told(request, heading, gettext("Ask for alerts again."), status=404)
    if request.method != "POST":
        heading = gettext("Hear of %(subject)s?") % {"subject": found.subject}
        return _asked(request, heading, gettext("Mail me"), str(found.email))
    subscriptions.confirm_subscription(token)
    said = gettext("Alerts about %(subject)s go to %(email)s.")
    told = said % {"subject": found.subject, "email": found.email}
    return _told(request, gettext("You will hear of it"), told)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The link of every mail. A POST ends it at once, from whoever holds the link (RFC 8058)."""
    found = subscriptions.subscription_of(token, leaving=True)
    if request.method == "POST":
        if not subscriptions.unsubscribe(token):
            heading, said = gettext("This link is incomplete"), gettext("Take the whole address.")
            return _told(request, heading, said, status=404)
        return _told(request, gettext("You will hear no more of it"), gettext("The address is deleted."))
    if found is None:
        said = gettext("This subscription has ended, or never was.")
        return _told(request, gettext("Nothing is mailed here"), said, status=404)
    heading = gettext("Hear no more of %(subject)s?") % {"subject": found.subject}
    return _asked(request, heading, gettext("Mail me no more"), str(found.email))


def _subscribe(request: HttpRequest, subject: Endpoint | Model | Provider | None) -> HttpResponse:
    if subject is None:
        raise Http404(gettext("There is nothing of this name to hear of."))
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        subscriptions.subscribe(form.cleaned_data["email"], subject)
        said = gettext("If %(email)s is right, a mail with a link to confirm is on its way.")
        return _told(request, gettext("One more step"), said % {"email": form.cleaned_data["email"]})
    status = 400 if request.method == "POST" else 200
    context = {"nav": "", "subject": str(subject), "form": form}
    return render(request, "pages/subscribe.html", context, status=status)


def _asked(request: HttpRequest, heading: str, button: str, address: str) -> HttpResponse:
    context = {"nav": "", "heading": heading, "button": button, "address": address}
    return render(request, "pages/alert_step.html", context)


def _told(request: HttpRequest, heading: str, said: str, status: int = 200) -> HttpResponse:
    return render(
        request, "pages/alert_step.html", {"nav": "", "heading": heading, "said": said}, status=status
    )
