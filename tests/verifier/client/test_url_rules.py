from __future__ import annotations

from urllib.parse import urlsplit

import httpcore
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.verifier.client import refused
from verifier.client.url_rules import UrlRefused, destination

URLS = st.one_of(
    st.text(),
    st.text(alphabet="htps:/@#?%.[]\\0127abx-_ \t;,&").map(lambda rest: f"https://{rest}"),
    st.from_regex(r"https?://[a-z0-9.:@\[\]-]{1,20}(:[0-9]{1,6})?(/.*)?", fullmatch=True),
    st.sampled_from([*refused.PASS, *refused.PARSERS]).flatmap(
        lambda url: st.tuples(st.integers(0, len(url)), st.characters()).map(
            lambda change: url[: change[0]] + change[1] + url[change[0] :]
        )
    ),
)


@given(URLS)
@example("https://8.8.8.8:443/v1")
@example("https://[2001:4860:4860::8888]:8443/v1")
def test_what_passes_is_read_alike_by_another_parser(url: str) -> None:
    try:
        found = destination(url)
    except UrlRefused:
        return
    other = urlsplit(url)
    assert other.scheme == found.scheme
    assert other.username is other.password is None
    assert other.port in (found.port, None)
    if found.address is None:
        assert other.hostname == found.host
    else:
        assert httpcore.URL(url).host.decode().strip("[]").lower() == (other.hostname or "")
    assert not other.query
    assert not other.fragment


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("https://API.example.com/v1", "api.example.com", 443),
     ("http://api.example.com", "api.example.com", 80),
     ("https://xn--bcher-kva.example.com:8443", "xn--bcher-kva.example.com", 8443),
     ("https://[2001:4860:4860:0:0:0:0:8888]/v1", "2001:4860:4860::8888", 443),
     ("https://a_b.example.com/accounts/1/ai/@x/v1", "a_b.example.com", 443)],
)  # fmt: skip
def test_where_a_url_leads(url: str, host: str, port: int) -> None:
    found = destination(url)

    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(
    ("url", "why"),
    [("8.8.8.8", "Expected an address like https://api.example.com/v1"),
     ("https://2001:db8::1/v1", "stands in brackets"),
     ("https://a@b.example.com", "never in the URL"), ("ftp://a.example.com", "'ftp' is not taken"),
     ("https://127.1", "as usually written"), ("https://a.example.com:99999", "go from 1 to 65535")],
)  # fmt: skip
def test_a_refusal_says_what_to_do(url: str, why: str) -> None:
    with pytest.raises(UrlRefused, match=why.replace("(", r"\(")):
        destination(url)
