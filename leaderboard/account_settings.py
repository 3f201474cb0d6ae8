"""What Django's settings take from accounts: django-allauth, and whom it may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SOCIAL = {"github": ("GITHUB", "https://github.com"), "google": ("GOOGLE", "https://accounts.google.com")}
"""Provider id -> the prefix of its environment variables, and where its sign-in page stands."""

APPS = (
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
)
BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
_ASKED_OF: Mapping[str, Mapping[str, Any]] = {
    "github": {"SCOPE": ["user:email"]},
    "google": {"SCOPE": ["email"], "OAUTH_PKCE_ENABLED": True},
}


def apps(social: Mapping[str, tuple[str, str]]) -> list[str]:
    """The applications to install. Sign-in by others only where the operator has keys for it."""
    return [*APPS, *(f"allauth.socialaccount.providers.{name}" for name in sorted(social))]


def sign_in_pages(social: Mapping[str, tuple[str, str]]) -> list[str]:
    """Where our forms may lead besides our own pages."""
    return [SOCIAL[name][1] for name in sorted(social)]


def settings(social: Mapping[str, tuple[str, str]], proxies: int) -> dict[str, Any]:
    """django-allauth's settings: an address for a name, verified before anything; no guessing at speed."""
    return {
        "ACCOUNT_ADAPTER": "leaderboard.adapters.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*", "password2*"],
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "[Assay] ",
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": True,
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_USER_DISPLAY": "leaderboard.adapters.shown",
        "ALLAUTH_TRUSTED_PROXY_COUNT": proxies,
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "account:overview",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "pages:board",
        "MFA_ADAPTER": "leaderboard.adapters.MfaAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes"],
        "MFA_TOTP_ISSUER": "Assay",
        "MFA_TOTP_TOLERANCE": 1,
        "SOCIALACCOUNT_PROVIDERS": {
            name: {**_ASKED_OF[name], "APPS": [{"client_id": client, "secret": secret, "key": ""}]}
            for name, (client, secret) in social.items()
        },
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        "SOCIALACCOUNT_STORE_TOKENS": False,
    }
