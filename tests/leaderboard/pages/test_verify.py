from __future__ import annotations

import ast
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from leaderboard import languages, services
from leaderboard.certification import Reason
from leaderboard.models import Certificate
from leaderboard.pages import answers
from tests.leaderboard import certifying
from tests.leaderboard.integrity.certificates import Site
from verifier import certificate as offline
from verifier.certificate import MAX_BYTES

pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate() -> Certificate:
    return certifying.certified(certifying.known("Toys <b>turbo</b>"))


def document(of: Certificate) -> dict[str, Any]:
    found = services.certificate_document(of)
    assert found is not None
    return found


def pasted(client: Client, text: str) -> str:
    response = client.post("/verify/", {"document": text})
    assert response.status_code == 200
    return response.content.decode()


def word(page: str) -> str:
    found = re.search(r'<h2 id="answer" class="finding"><span class="(\w+)">([^<]+)<', page)
    assert found, page
    return html.unescape(found[2])


def test_the_page_asks_and_answers_nothing_yet(client: Client) -> None:
    page = client.get("/verify/").content.decode()
    assert 'id="answer"' not in page
    assert "csrfmiddlewaretoken" not in page
    assert client.get("/verify/").cookies == {}


def test_a_pasted_certificate_is_valid_and_told(client: Client, certificate: Certificate) -> None:
    page = pasted(client, json.dumps(document(certificate), indent=2))
    assert word(page) == "Valid"
    assert "It is signed, in the log, and valid until" in page
    assert "Certified since" in page
    assert "<b>turbo</b>" not in page
    assert "Toys &lt;b&gt;turbo&lt;/b&gt;" in page
    assert f"/certificates/{certificate.pk}/" in page


def test_a_file_does_as_well(client: Client, certificate: Certificate) -> None:
    file = SimpleUploadedFile("c.json", json.dumps(document(certificate)).encode())
    assert word(client.post("/verify/", {"file": file, "document": ""}).content.decode()) == "Valid"


@pytest.mark.parametrize(
    "form", ["{id}", "  {id} ", "https://assay.example/certificates/{id}/", "/certificates/{id}"]
)
def test_it_may_be_named_by_its_address_or_id(client: Client, certificate: Certificate, form: str) -> None:
    page = client.get("/verify/", {"certificate": form.format(id=certificate.pk)}).content.decode()
    assert word(page) == "Valid"


@pytest.mark.parametrize("name", ["x", "019a9f3c-7c00-7000-8000-000000000001", "https://10.0.0.1/", "<b>"])
def test_a_name_that_is_none_is_said_and_never_fetched(client: Client, name: str) -> None:
    page = client.get("/verify/", {"certificate": name}).content.decode()
    assert word(page) == "Not readable"
    assert "No certificate of this name is public here." in page


def test_a_revoked_one_is_revoked_although_its_signature_holds(
    client: Client, certificate: Certificate
) -> None:
    text = json.dumps(document(certificate))
    services.end_certificate(certificate.pk, Reason.OPERATOR, "The provider asked for it.")
    page = pasted(client, text)
    assert word(page) == "Revoked"
    assert "The provider asked for it." in page


def test_what_does_not_hold_has_a_clear_answer(client: Client, certificate: Certificate) -> None:
    good = document(certificate)
    text = json.dumps(good)
    cases = {
        json.dumps({**good, "payload": good["payload"][:40] + "AAAA" + good["payload"][44:]}): "Altered",
        json.dumps({**good, "signatures": [{**good["signatures"][0], "sig": "A" * 86 + "=="}]}): "Altered",
        json.dumps({**good, "log": None}): "Not in the log",
        json.dumps({**good, "log": {**good["log"], "index": good["log"]["index"] + 1}}): "Not in the log",
        json.dumps(Site().certificate()): "Not ours",
        text[:-30]: "Not readable",
        "": "Not readable",
        "<script>alert(1)</script>": "Not readable",
        "\ud800": "Not readable",
        "\u0000": "Not readable",
        text + " " * MAX_BYTES + "x": "Not readable",
    }
    for sent, expected in cases.items():
        assert word(pasted(client, sent.encode("utf-8", "replace").decode())) == expected


def test_an_expired_one_is_expired(client: Client, certificate: Certificate, monkeypatch: Any) -> None:
    text = json.dumps(document(certificate))
    later = timezone.now() + timezone.timedelta(days=100)  # type: ignore[attr-defined]
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert word(pasted(client, text)) == "Expired"


def test_what_is_too_large_for_a_form_still_gets_an_answer(client: Client) -> None:
    large = "x" * (3 * 2**20)
    assert word(pasted(client, large)) == "Not readable"
    response = client.post("/verify/", f"document={large}", content_type="application/x-www-form-urlencoded")
    assert word(response.content.decode()) == "Not readable"
    file = SimpleUploadedFile("c.json", large.encode())
    page = client.post("/verify/", {"file": file}).content.decode()
    assert "larger than 1 MB" in page
    response = client.post("/verify/", b"--x\r\nbroken", content_type="multipart/form-data; boundary=x")
    assert response.status_code == 200


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put("/verify/").status_code == 405
    assert client.post("/.well-known/assay-keys.json").status_code == 405


def chinese(client: Client, text: str) -> str:
    response = client.post("/zh-hans/verify/", {"document": text})
    assert response.status_code == 200
    return response.content.decode()


def test_the_answer_is_in_chinese_and_quotes_what_was_signed(
    client: Client, certificate: Certificate
) -> None:
    page = chinese(client, json.dumps(document(certificate)))
    assert word(page) == "有效"
    assert re.search(r"已签名，已收录于透明日志，有效期至 \d{4}年\d+月\d+日。", page)
    assert re.search(
        r"自 \d{4}年\d+月\d+日 \d\d:\d\d UTC 起为“已认证”：<span lang=\"en\">A deep run found", page
    )
    assert re.search(r"<th scope=\"row\">判定</th><td>忠实</td>", page)
    assert "Toys &lt;b&gt;turbo&lt;/b&gt;" in page
    assert 'action="/zh-hans/verify/"' in page


def test_what_does_not_hold_is_said_in_chinese(client: Client, certificate: Certificate) -> None:
    good = document(certificate)
    text = json.dumps(good)
    services.end_certificate(certificate.pk, Reason.OPERATOR, "The provider <i>asked</i> for it.")
    cases = {
        text: "已撤销",
        json.dumps({**good, "payload": good["payload"][:40] + "AAAA" + good["payload"][44:]}): "已被篡改",
        json.dumps({**good, "log": None}): "未收录于日志",
        json.dumps(Site().certificate()): "非我方签发",
        text[:-30]: "无法读取",
    }
    for sent, expected in cases.items():
        page = chinese(client, sent)
        assert word(page) == expected
        lead = re.findall(r'<p class="lead">(.*?)</p>', page)[1]
        assert not re.search(r"[A-Za-z]{4,}", re.sub(r'<span lang="en">.*?</span>|JSON|UTC', "", lead)), lead
    assert "The provider &lt;i&gt;asked&lt;/i&gt; for it</span>" in chinese(client, text)


def sentences() -> list[str]:
    """What the offline check may answer to whoever pastes a certificate, with "X" in its places."""
    tree = ast.parse(Path(offline.__file__).read_text())
    of_our_own_keys = ("read_keys", "_key", "_moment", "main")
    found: list[ast.expr] = []
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name in of_our_own_keys:
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found += node.args[1:2] if node.func.id in ("Refused", "Answer") else []
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = node.value.elts[0] if isinstance(node.value, ast.Tuple) else node.value
                found += [value] if node.targets[0].id in ("reason", "said", "notes") else []
    shown = []
    for node in found:
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        if isinstance(parts[0], ast.Constant | ast.FormattedValue):
            texts = [str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts]
            shown.append("".join(texts))
    return shown


def test_every_sentence_of_the_offline_check_is_known() -> None:
    found = sentences()
    assert len(found) > 25
    with translation.override(languages.CHINESE):
        assert [one for one in found if answers.told(one) == f'<span lang="en">{one}</span>'] == []
        assert answers.told("<b>") == '<span lang="en">&lt;b&gt;</span>'
    assert [answers.told(one) for one in found] == found
