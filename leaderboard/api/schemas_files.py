"""What the files for others look like: exports, router configurations, badges."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from leaderboard.api.schemas import Endpoint, link, moment, number


class Exported(serializers.Serializer[Any]):
    """Every endpoint that passes the filters."""

    endpoints = Endpoint(many=True)


class Routed(serializers.Serializer[Any]):
    """State and age of an endpoint in a configuration."""

    slug = serializers.CharField(help_text="`provider` or `provider/variant`.")
    id = serializers.UUIDField()
    control = serializers.BooleanField()
    verdict = serializers.CharField(allow_null=True)
    grade = serializers.CharField(allow_null=True)
    fidelity = number("Of 100.")
    declared = serializers.CharField(allow_null=True)
    measured = serializers.CharField(allow_null=True)
    certificate = serializers.CharField(allow_null=True, help_text="Its state.")
    measured_at = moment("When the run ended that speaks.", allow_null=True)
    age_days = serializers.IntegerField(allow_null=True)
    url = link("The endpoint.")


class RouterState(serializers.Serializer[Any]):
    """What a configuration rests on."""

    endpoints = Routed(many=True)


class OpenRouterProvider(serializers.Serializer[Any]):
    """As OpenRouter documents it."""

    order = serializers.ListField(child=serializers.CharField())
    only = serializers.ListField(child=serializers.CharField())
    allow_fallbacks = serializers.BooleanField()
    ignore = serializers.ListField(child=serializers.CharField(), required=False)
    quantizations = serializers.ListField(child=serializers.CharField(), required=False)


class OpenRouter(serializers.Serializer[Any]):
    """A piece of an OpenRouter request."""

    model = serializers.CharField(help_text="`org/name`.")
    provider = OpenRouterProvider()
    assay = RouterState()


class VercelGateway(serializers.Serializer[Any]):
    """As Vercel documents it."""

    order = serializers.ListField(child=serializers.CharField())
    only = serializers.ListField(child=serializers.CharField())


class VercelOptions(serializers.Serializer[Any]):
    """Options by provider."""

    gateway = VercelGateway()


class Vercel(serializers.Serializer[Any]):
    """A piece of an AI Gateway request."""

    providerOptions = VercelOptions()
    assay = RouterState()


class Shield(serializers.Serializer[Any]):
    """As shields.io's endpoint badge reads it."""

    schemaVersion = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    message = serializers.CharField()
    color = serializers.CharField()
    cacheSeconds = serializers.IntegerField()
    isError = serializers.BooleanField()


class LiteLlmDeployment(serializers.Serializer[Any]):
    """One entry of LiteLLM's `model_list`."""

    model_name = serializers.CharField(help_text="`org/name`: what a caller asks for.")
    litellm_params = serializers.DictField(help_text="`model`, `api_base`, `api_key`, costs per token.")
    model_info = serializers.DictField(help_text="`id`, and under `assay` state and age.")


class LiteLlm(serializers.Serializer[Any]):
    """A file for LiteLLM's proxy."""

    model_list = LiteLlmDeployment(many=True)
