"""What the API's documents look like, for their description alone: they are served as they are stored."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.fields import Field

from leaderboard.api.filters import EVIDENCE_LEVELS, GRADES
from leaderboard.certification import State
from leaderboard.documents import VERDICTS
from leaderboard.models import ChangeKind
from verifier.models import RunState

OUTCOMES = ("pass", "warn", "fail", "inconclusive", "unsupported", "faulty", "error")

_NOT_YET = "; null: not yet measured."


def word(help_text: str, **kwargs: Any) -> serializers.CharField:
    """A word of an open set."""
    return serializers.CharField(help_text=help_text, **kwargs)


def number(help_text: str, **kwargs: Any) -> serializers.FloatField:
    """A measured number, null where it was not measured."""
    return serializers.FloatField(help_text=help_text, allow_null=True, **kwargs)


def moment(help_text: str, **kwargs: Any) -> serializers.DateTimeField:
    """A date and time in UTC."""
    return serializers.DateTimeField(help_text=help_text, **kwargs)


def link(help_text: str, **kwargs: Any) -> serializers.CharField:
    """A relative reference."""
    return serializers.CharField(help_text=help_text, **kwargs)


def anything(help_text: str, **kwargs: Any) -> Field[Any, Any, Any, Any]:
    """An object whose members are told where it comes from."""
    return serializers.DictField(help_text=help_text, **kwargs)


class Problem(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField(help_text="`about:blank`, or an address that names the kind of problem.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What went wrong, what was expected and what to do.")
    code = serializers.CharField(help_text="The same for programs.")
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(child=serializers.CharField()),
        required=False,
        help_text="Of a refused input: each field with what is wrong with it.",
    )


class ProviderRef(serializers.Serializer[Any]):
    """A provider as it is named elsewhere."""

    slug = serializers.CharField()
    name = serializers.CharField()


class Fidelity(serializers.Serializer[Any]):
    """At most this many of 100 next tokens would be the same as by the official weights."""

    value = number("100 × (1 − total variation), averaged over contexts.")
    low = number("Lower end of the interval, clustered by prompt.")
    high = number("Upper end.")
    confidence = serializers.FloatField(help_text="Of the interval.")
    k = serializers.IntegerField(help_text="How many listed tokens were compared.", allow_null=True)
    context_types = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Where next tokens were compared."
    )
    prompts = serializers.IntegerField(allow_null=True, help_text="n: prompts, the clusters.")
    contexts = serializers.IntegerField(allow_null=True, help_text="Contexts compared.")


class Declaration(serializers.Serializer[Any]):
    """Whether what was measured is what the provider declares."""

    declared = serializers.CharField(allow_null=True, help_text="The quantization declared.")
    measured = serializers.CharField(allow_null=True, help_text="The nearest rung of the ladder.")
    state = word("`kept`, `broken`, `undeclared` or `unknown`.")


class Cause(serializers.Serializer[Any]):
    """What explains a deviation best."""

    name = serializers.CharField()
    support = number("Share of resamples that say so.")
    evidence = serializers.CharField(help_text="In a sentence.")


class Price(serializers.Serializer[Any]):
    """US dollars per million tokens, as declared."""

    input = number("Prompt tokens.")
    output = number("Completion tokens.")


class Speed(serializers.Serializer[Any]):
    """Measured on the run's own requests."""

    first_token_ms = anything("Time to the first token: `p50`, `p95`, `n`.", allow_null=True)


class Tokens(serializers.Serializer[Any]):
    """What the measurement took."""

    decision = serializers.IntegerField(allow_null=True, help_text="Tokens until the evidence decided.")
    completion = serializers.IntegerField(allow_null=True, help_text="Tokens written in all.")


class Certificate(serializers.Serializer[Any]):
    """Where a certificate stands."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=[(str(state), str(state)) for state in State])
    since = moment("Since when it is in this state.")
    expires = moment("When it ends unless it is renewed.")
    url = link("For people, with every step of its life.")


class RunRef(serializers.Serializer[Any]):
    """The run that speaks for an endpoint."""

    id = serializers.UUIDField()
    ended = moment("When it ended: the age of the verdict.", allow_null=True)
    url = link("Where it stays.")


class EndpointLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    history = link("What was published of it before.")
    badge = link("Its badge.")
    model = link("Its model.")
    provider = link("Its provider.")


class Endpoint(serializers.Serializer[Any]):
    """One provider's offer of one model in one variant, as it is published."""

    id = serializers.UUIDField(help_text="UUIDv7; never used again.")
    label = serializers.CharField()  # type: ignore[assignment]
    what = serializers.CharField(help_text="A plain note.")
    model = serializers.CharField(help_text="`org/name`.")
    provider = ProviderRef()
    variant = serializers.CharField()
    control = serializers.BooleanField(help_text="A control of the laboratory, whose truth is known.")
    base_url = serializers.CharField()
    upstream_model = serializers.CharField(help_text="The model id that it expects.")
    region = serializers.CharField()
    price = Price()
    verdict = serializers.ChoiceField(
        choices=VERDICTS[:-1], allow_null=True, help_text=f"What is published{_NOT_YET}"
    )
    awaits = anything(
        "An accusation that is not published yet awaits confirmation: `e_value`, `needed`, `among`.",
        allow_null=True,
    )
    grade = serializers.ChoiceField(choices=GRADES, allow_null=True, help_text="Null: none is given.")
    fidelity = Fidelity(allow_null=True, help_text="Null without distributions.")
    honest_band = anything("How far honest deployments stray.", allow_null=True)
    agreement = anything("Share of texts that agree, with its interval and n.", allow_null=True)
    evidence_level = serializers.ChoiceField(
        choices=EVIDENCE_LEVELS, allow_null=True, help_text="What the endpoint lets us see."
    )
    declaration = Declaration()
    cause = Cause(allow_null=True)
    fingerprint = anything("The known variant that it answers as.", allow_null=True)
    nearest = anything("The nearest rung of the ladder.", allow_null=True)
    excludes = serializers.CharField(allow_null=True, help_text="What `faithful` excludes.")
    e_value = number("Evidence for the verdict.")
    tools = serializers.BooleanField(
        allow_null=True, help_text="Whether tool calls work; null: not measured."
    )
    speed = Speed()
    tokens = Tokens()
    certificate = Certificate(allow_null=True, help_text="Its latest one; null: never certified.")
    run = RunRef(allow_null=True)
    missed = moment("When a later run could not measure.", allow_null=True)
    versions = anything("`suite`, `policy` and `assay` that made these numbers.", allow_null=True)
    baseline = serializers.CharField(allow_null=True, help_text="Digest of what it was compared with.")
    links = EndpointLinks()


class ProviderLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    endpoints = link("Its endpoints.")


class ModelLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    leaderboard = link("Its board.")
    endpoints = link("Its endpoints.")


Verdicts = type(
    "Verdicts",
    (serializers.Serializer,),
    {
        "__doc__": "How many endpoints have each verdict.",
        "__module__": __name__,
        **{name: serializers.IntegerField() for name in VERDICTS},
    },
)


class Model(serializers.Serializer[Any]):
    """An open-weights model whose endpoints are measured."""

    id = serializers.UUIDField()
    name = serializers.CharField(help_text="`org/name`.")
    precision = serializers.CharField(help_text="The precision the weights were released in.")
    licence = serializers.CharField()
    url = serializers.CharField()
    endpoints = serializers.IntegerField(help_text="How many are listed.")
    verdicts = Verdicts()
    terms = anything("The top-k and context types that the board compares at.", allow_null=True)
    honest_band = anything("How far honest deployments stray.", allow_null=True)
    ladder = serializers.ListField(child=serializers.DictField(), help_text="Known degradations.")
    suite = serializers.CharField(allow_null=True)
    baseline = serializers.CharField(allow_null=True)
    links = ModelLinks()


class Provider(serializers.Serializer[Any]):
    """An organisation that serves models."""

    slug = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()
    lab = serializers.BooleanField(help_text="A laboratory: its endpoints are controls.")
    endpoints = serializers.IntegerField(help_text="How many are listed.")
    verdicts = Verdicts()
    links = ProviderLinks()


class Rank(serializers.Serializer[Any]):
    """A place among what is comparable; endpoints whose intervals overlap tie."""

    place = serializers.IntegerField()
    tied = serializers.BooleanField()


class Row(serializers.Serializer[Any]):
    """An endpoint with its place on the board."""

    rank = Rank(allow_null=True, help_text="Null: measured on other terms, or without a number.")
    endpoint = Endpoint()


class Leaderboard(serializers.Serializer[Any]):
    """The board of one model."""

    model = serializers.CharField(help_text="`org/name`.")
    published = moment("When it last changed.")
    terms = anything("The top-k and context types that it compares at.", allow_null=True)
    honest_band = anything("How far honest deployments stray.", allow_null=True)
    ladder = serializers.ListField(child=serializers.DictField(), help_text="Known degradations.")
    suite = serializers.CharField(allow_null=True)
    baseline = serializers.CharField(allow_null=True)
    rows = Row(many=True)


class EndpointRef(serializers.Serializer[Any]):
    """An endpoint as a change names it."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    model = serializers.CharField(help_text="`org/name`.")
    provider = ProviderRef()
    control = serializers.BooleanField()


class Kept(serializers.Serializer[Any]):
    """What was published then."""

    verdict = serializers.CharField(allow_null=True)
    grade = serializers.CharField(allow_null=True)
    fidelity = Fidelity(allow_null=True)
    declaration = Declaration()
    evidence_level = serializers.CharField(allow_null=True)
    cause = Cause(allow_null=True)
    certificate = Certificate(allow_null=True)
    versions = anything("`suite`, `policy` and `assay` that made these numbers.", allow_null=True)


class Change(serializers.Serializer[Any]):
    """One change of what is published of an endpoint."""

    id = serializers.UUIDField()
    at = moment("When it was published.")
    kind = serializers.ChoiceField(choices=ChangeKind.choices, help_text="What happened.")
    endpoint = EndpointRef()
    run = RunRef(allow_null=True, help_text="The run that speaks since then.")
    before = Kept(allow_null=True, help_text="Null: it was not listed, or is no longer.")
    after = Kept(allow_null=True, help_text="Null: it is no longer listed.")


class Progress(serializers.Serializer[Any]):
    """Requests of a run."""

    done = serializers.IntegerField(help_text="Answered so far.")
    planned = serializers.IntegerField(allow_null=True, help_text="Expected; null while not known.")


class RunLinks(serializers.Serializer[Any]):
    """Where to go on."""

    self = link("This document.")
    page = link("For people.")
    findings = link("Its findings.")
    endpoint = link("Its endpoint.")


class Finding(serializers.Serializer[Any]):
    """What one check says."""

    check = serializers.CharField()
    version = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    cause = serializers.CharField(help_text="In a sentence.")
    estimate = number("Its headline.")
    low = number("Lower end of its interval.")
    high = number("Upper end.")
    n = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    details = anything("Every number behind it.")


class Findings(serializers.Serializer[Any]):
    """All of them, in the order they were made."""

    results = Finding(many=True)


class Run(serializers.Serializer[Any]):
    """One verification of one endpoint."""

    id = serializers.UUIDField()
    endpoint = serializers.UUIDField()
    model = serializers.CharField(help_text="`org/name`.")
    state = serializers.ChoiceField(choices=RunState.choices)
    trigger = serializers.CharField(help_text="Who or what asked for it.")
    created = moment("When it was asked for.")
    started = moment("When it began.", allow_null=True)
    ended = moment("When it ended.", allow_null=True)
    progress = Progress()
    verdict = serializers.ChoiceField(
        choices=VERDICTS[:-1], allow_null=True, help_text="Undecided while an accusation is not published."
    )
    published = serializers.BooleanField(help_text="Whether it spoke for its endpoint, now or before.")
    superseded_by = serializers.UUIDField(
        allow_null=True, help_text="The run that speaks for the endpoint now instead of this one."
    )
    versions = anything("`suite`, `policy` and `assay` that made these numbers.", allow_null=True)
    result = anything("As `assay verify` writes it, without the findings.", allow_null=True)
    findings = Finding(many=True, required=False, help_text="With `include=findings`.")
    links = RunLinks()
