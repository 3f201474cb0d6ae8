"""Who comes to be certified: an organisation, its members, and those it has invited."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from verifier.models import Provider
from verifier.models.base import Identified, one_of


class Role(models.TextChoices):
    """What a member may do: both submit and run; an owner also says who is a member."""

    OWNER = "owner", noop("owner")
    MEMBER = "member", noop("member")


class Organisation(Identified):
    """Speaks for endpoints whose origin it has proven, under a provider's name of its own."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    url = models.URLField(blank=True)
    provider = models.OneToOneField(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="organisation",
        help_text="Under which its endpoints stand on the boards; made with its first submission.",
    )
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(Identified):
    """That a person acts for an organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role, default=Role.MEMBER)
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("organisation", "created")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "user"), name="membership_once"),
            one_of("role", Role.values, "membership_role_known_word"),
        )

    def __str__(self) -> str:
        return f"{self.role} of {self.organisation}"


class Invitation(Identified):
    """An address that was asked to join. The link's secret is mailed and kept as its hash alone."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role, default=Role.MEMBER)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="sha256 of the secret.")
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    expires = models.DateTimeField()
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("created",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "email"), name="invitation_once_an_address"),
            models.CheckConstraint(condition=~Q(email=""), name="invitation_has_an_address"),
        )

    def __str__(self) -> str:
        return f"invitation to {self.organisation}"
