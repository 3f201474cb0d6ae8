from __future__ import annotations

from django.test import Client


def test_the_document_is_open_api_3_1_in_both_spellings(client: Client) -> None:
    import yaml

    found = client.get("/api/v1/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    assert "/api/v1/endpoints" in found["paths"]
    assert yaml.safe_load(client.get("/api/v1/openapi.yaml").content) == found


def test_the_page_runs_no_inline_script_and_asks_no_other_site(client: Client) -> None:
    response = client.get("/api/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert 'data-document="/api/v1/openapi.json"' in page
    assert "<script>" not in page
    assert "<style" not in page
    assert "://" not in page.replace("http://localhost:8000/", "/"), "the site alone"
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "img-src 'self' data:" in policy
