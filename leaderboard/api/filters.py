"""What endpoints can be filtered by: the columns of what is published of them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError

from leaderboard.documents import NOT_YET, VERDICTS
from leaderboard.models import Change, ChangeKind, PublishedEndpoint

GRADES = ("A+", "A", "B", "C", "D", "F")
"""Best first."""

EVIDENCE_LEVELS = ("distributions", "greedy", "text", "none")

_Rows = QuerySet[PublishedEndpoint]


class TrueOrFalse(forms.NullBooleanField):
    """`true` or `false`; Django's own takes anything else for neither."""

    widget = forms.TextInput

    def clean(self, value: Any) -> bool | None:
        """Raises ValidationError for another word."""
        if value in (None, ""):
            return None
        if value not in ("true", "false"):
            raise forms.ValidationError("Either true or false.")
        return bool(value == "true")


class Flag(django_filters.BooleanFilter):  # type: ignore[misc]
    """`true` or `false`."""

    field_class = TrueOrFalse


class Words(django_filters.BaseInFilter, django_filters.CharFilter):  # type: ignore[misc]
    """One word or several, separated by commas."""


class EndpointFilter(filters.FilterSet):  # type: ignore[misc]
    """Filters of endpoints; of several all must hold."""

    model = filters.CharFilter(method="of_model", help_text="A model as `org/name`.")
    provider = Words(field_name="provider__slug", help_text="Slugs of providers, separated by commas.")
    verdict = Words(method="with_verdict", help_text=f"Verdicts, separated by commas: {', '.join(VERDICTS)}.")
    min_grade = filters.ChoiceFilter(
        choices=[(grade, grade) for grade in GRADES],
        method="at_least",
        help_text="This grade or a better one; endpoints without a grade are left out.",
    )
    evidence_level = Words(help_text=f"Levels, separated by commas: {', '.join(EVIDENCE_LEVELS)}.")
    declared = Words(help_text="Declared quantizations, separated by commas.")
    measured = Words(help_text="Measured quantizations, separated by commas.")
    certified = Flag(help_text="Whether it holds a valid certificate.")
    control = Flag(help_text="Whether it is a control of the laboratory.")
    tools = Flag(help_text="Whether its tool calls work.")
    min_fidelity = filters.NumberFilter(
        field_name="fidelity", lookup_expr="gte", min_value=0, max_value=100, help_text="Of 100."
    )
    max_price = filters.NumberFilter(
        field_name="price_out",
        lookup_expr="lte",
        min_value=0,
        max_value=99999,
        help_text="US dollars per million completion tokens; endpoints without a price are left out.",
    )
    max_latency = filters.NumberFilter(
        field_name="first_token_ms",
        lookup_expr="lte",
        min_value=0,
        max_value=1e9,
        help_text="Median time to the first token in milliseconds, where it was measured.",
    )
    updated_since = filters.IsoDateTimeFilter(
        field_name="changed", lookup_expr="gte", help_text="What is published of it changed then or later."
    )

    class Meta:
        model = PublishedEndpoint
        fields: tuple[str, ...] = ()

    def of_model(self, rows: _Rows, name: str, value: str) -> _Rows:
        """`org/name`; anything else names no model."""
        org, _, model = value.partition("/")
        return rows.filter(model__org=org, model__name=model)

    def with_verdict(self, rows: _Rows, name: str, value: list[str]) -> _Rows:
        """Known words only: a misspelt verdict would silently find nothing."""
        if unknown := sorted(set(value) - set(VERDICTS)):
            raise ValidationError({name: f"There is no {unknown[0][:80]!r}. Known: {', '.join(VERDICTS)}."})
        return rows.filter(verdict__in=["" if one == NOT_YET else one for one in value])

    def at_least(self, rows: _Rows, name: str, value: str) -> _Rows:
        """This grade and those before it."""
        return rows.filter(grade__in=GRADES[: GRADES.index(value) + 1])


class RouterFilter(EndpointFilter):
    """Filters of a router's configuration: without others, faithful endpoints that are no controls."""

    verdict = Words(
        method="with_verdict", help_text="Verdicts, separated by commas; without any only `faithful`."
    )
    control = Flag(help_text="`true`: controls of the laboratory instead of real offers.")

    def filter_queryset(self, queryset: _Rows) -> _Rows:
        """What a router may be sent to unless it asks for something else."""
        if not self.form.cleaned_data.get("verdict"):
            queryset = queryset.filter(verdict="faithful")
        if self.form.cleaned_data.get("control") is None:
            queryset = queryset.filter(control=False)
        found: _Rows = super().filter_queryset(queryset)
        return found


class OneModelFilter(RouterFilter):
    """The same, of one model."""

    model = filters.CharFilter(method="of_model", required=True, help_text="A model as `org/name`.")


class ChangeFilter(filters.FilterSet):  # type: ignore[misc]
    """Filters of the feed of changes."""

    model = filters.CharFilter(method="of_model", help_text="A model as `org/name`.")
    kind = filters.ChoiceFilter(choices=ChangeKind.choices, help_text="What happened.")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", help_text="Then or later.")

    class Meta:
        model = Change
        fields: tuple[str, ...] = ()

    def of_model(self, rows: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        """`org/name`; anything else names no model."""
        org, _, model = value.partition("/")
        return rows.filter(endpoint__model__org=org, endpoint__model__name=model)
