"""What endpoints can be filtered by: the columns of what is published of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from leaderboard.documents import NOT_YET, VERDICTS
from leaderboard.models import Change, ChangeKind, PublishedEndpoint

GRADES = ("A+", "A", "B", "C", "D", "F")
"""Best first."""

EVIDENCE_LEVELS = ("distributions", "greedy", "text", "none")

WORD = "[A-Za-z0-9][A-Za-z0-9._+-]{0,79}"
"""What a filter takes for a word."""

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


class Since(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Then or later. Asked of the database in UTC: PostgreSQL takes no offset beyond 15:59."""

    def __init__(self, help_text: str, **options: Any) -> None:
        super().__init__(lookup_expr="gte", help_text=help_text, **options)

    def filter(self, qs: Any, value: datetime | None) -> Any:
        """Before the first and after the last year there is, the first and the last moment stand for it."""
        if value is not None:
            try:
                value = value.astimezone(UTC)
            except OverflowError:
                value = (datetime.min if value.year == 1 else datetime.max).replace(tzinfo=UTC)
        return super().filter(qs, value)


class Words(django_filters.BaseInFilter, django_filters.CharFilter):  # type: ignore[misc]
    """One word or several, separated by commas."""

    def filter(self, qs: Any, value: list[str] | None) -> Any:
        """Raises ValidationError for what is no word."""
        for one in value or ():
            if not re.fullmatch(WORD, one):
                raise ValidationError({self.field_name: f"{one[:80]!r} is no word: {WORD}."})
        return super().filter(qs, value)


def words(known: Iterable[str], said: str, **kwargs: Any) -> Words:
    """Words of a closed set, separated by commas, described as such."""
    item = {"type": "string", "enum": list(known), "description": said}
    return extend_schema_field(item)(Words(**kwargs))


def names(said: str, field_name: str) -> Words:
    """Words of an open set, separated by commas, described as such."""
    item = {"type": "string", "pattern": f"^{WORD}$", "description": said}
    return extend_schema_field(item)(Words(field_name=field_name))


def a_model(required: bool = False) -> Any:
    """A model by its name."""
    kind = {"type": "string", "pattern": f"^{WORD}/{WORD}$", "description": "A model as `org/name`."}
    return extend_schema_field(kind)(filters.CharFilter(method="of_model", required=required))


def amount(most: float, said: str, **kwargs: Any) -> Any:
    """A number from 0 to `most`, described as such."""
    kind = {"type": "number", "minimum": 0, "maximum": most, "description": said}
    return extend_schema_field(kind)(filters.NumberFilter(min_value=0, max_value=most, **kwargs))


class EndpointFilter(filters.FilterSet):  # type: ignore[misc]
    """Filters of endpoints; of several all must hold."""

    model = a_model()
    provider = names("Slugs of providers, separated by commas.", "provider__slug")
    verdict = words(VERDICTS, "Verdicts, separated by commas.", method="with_verdict")
    min_grade = filters.ChoiceFilter(
        choices=[(grade, grade) for grade in GRADES],
        method="at_least",
        help_text="This grade or a better one; endpoints without a grade are left out.",
    )
    evidence_level = words(
        EVIDENCE_LEVELS, "What the endpoint lets us see, separated by commas.", method="with_level"
    )
    declared = names("Declared quantizations, separated by commas.", "declared")
    measured = names("Measured quantizations, separated by commas.", "measured")
    certified = Flag(help_text="Whether it holds a valid certificate.")
    control = Flag(help_text="Whether it is a control of the laboratory.")
    tools = Flag(help_text="Whether its tool calls work.")
    min_fidelity = amount(100, "Of 100.", field_name="fidelity", lookup_expr="gte")
    max_price = amount(
        99999,
        "US dollars per million completion tokens; endpoints without a price are left out.",
        field_name="price_out",
        lookup_expr="lte",
    )
    max_latency = amount(
        3_600_000,
        "Median time to the first token in milliseconds, where it was measured.",
        field_name="first_token_ms",
        lookup_expr="lte",
    )
    updated_since = Since("What is published of it changed then or later.", field_name="changed")

    class Meta:
        model = PublishedEndpoint
        fields: tuple[str, ...] = ()

    def of_model(self, rows: _Rows, name: str, value: str) -> _Rows:
        """`org/name`."""
        org, model = _org_and_name(name, value)
        return rows.filter(model__org=org, model__name=model)

    def with_verdict(self, rows: _Rows, name: str, value: list[str]) -> _Rows:
        """Known words only: a misspelt verdict would silently find nothing."""
        _require_known(name, value, VERDICTS)
        return rows.filter(verdict__in=["" if one == NOT_YET else one for one in value])

    def with_level(self, rows: _Rows, name: str, value: list[str]) -> _Rows:
        """Known words only."""
        _require_known(name, value, EVIDENCE_LEVELS)
        return rows.filter(evidence_level__in=value)

    def at_least(self, rows: _Rows, name: str, value: str) -> _Rows:
        """This grade and those before it."""
        return rows.filter(grade__in=GRADES[: GRADES.index(value) + 1])


class RouterFilter(EndpointFilter):
    """Filters of a router's configuration: without others, faithful endpoints that are no controls."""

    verdict = words(VERDICTS, "Separated by commas; without any only `faithful`.", method="with_verdict")
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

    model = a_model(required=True)


class ChangeFilter(filters.FilterSet):  # type: ignore[misc]
    """Filters of the feed of changes."""

    model = a_model()
    kind = filters.ChoiceFilter(choices=ChangeKind.choices, help_text="What happened.")
    since = Since("Then or later.", field_name="at")

    class Meta:
        model = Change
        fields: tuple[str, ...] = ()

    def of_model(self, rows: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        """`org/name`."""
        org, model = _org_and_name(name, value)
        return rows.filter(endpoint__model__org=org, endpoint__model__name=model)


def _require_known(name: str, found: Iterable[str], known: Iterable[str]) -> None:
    if unknown := sorted(set(found) - set(known)):
        raise ValidationError({name: f"There is no {unknown[0][:80]!r}. Known: {', '.join(known)}."})


def _org_and_name(name: str, value: str) -> tuple[str, str]:
    if not re.fullmatch(f"{WORD}/{WORD}", value):
        raise ValidationError({name: "A model as its makers name it: org/name."})
    org, _, model = value.partition("/")
    return org, model
