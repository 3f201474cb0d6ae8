"""Asking for alerts by mail without an account, confirming that, and ending it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from leaderboard.services import subscriptions
from verifier.models import Endpoint, Model, Provider


class AddressForm(forms.Form):
    """Where to."""

    email = forms.EmailField(label="E-mail address", max_length=254)


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
        return _told(request, "This link is too old or incomplete", "Ask for alerts again.", status=404)
    if request.method != "POST":
        return _asked(request, f"Hear of {found.subject}?", "Mail me", str(found.email))
    subscriptions.confirm_subscription(token)
    return _told(request, "You will hear of it", f"Alerts about {found.subject} go to {found.email}.")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The link of every mail. A POST ends it at once, from whoever holds the link (RFC 8058)."""
    found = subscriptions.subscription_of(token, leaving=True)
    if request.method == "POST":
        if not subscriptions.unsubscribe(token):
            return _told(request, "This link is incomplete", "Take the whole address.", status=404)
        return _told(request, "You will hear no more of it", "The address is deleted.")
    if found is None:
        return _told(
            request, "Nothing is mailed here", "This subscription has ended, or never was.", status=404
        )
    return _asked(request, f"Hear no more of {found.subject}?", "Mail me no more", str(found.email))


def _subscribe(request: HttpRequest, subject: Endpoint | Model | Provider | None) -> HttpResponse:
    if subject is None:
        raise Http404("There is nothing of this name to hear of.")
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        subscriptions.subscribe(form.cleaned_data["email"], subject)
        said = f"If {form.cleaned_data['email']} is right, a mail with a link to confirm is on its way."
        return _told(request, "One more step", said)
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
