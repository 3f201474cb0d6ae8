"""A result as CI systems read it: JUnit for test reports, SARIF for code scanning. Pure but for the files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from verifier.cli.errors import CommandError
from verifier.client.strict_json import clean_text

ACCUSING = ("deviating", "different-model")
LEVELS = {"fail": "error", "warn": "warning", "faulty": "warning"}
"""Outcomes that SARIF tells, and how loud; the others say nothing against the endpoint."""
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--junit` and `--sarif`."""
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write a JUnit report (XML)")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="also write a SARIF 2.1.0 log (JSON)")


def write(args: argparse.Namespace, result: Mapping[str, Any]) -> None:
    """Write the reports that were asked for. Raises CommandError."""
    reports = ((args.junit, junit), (args.sarif, lambda found: json.dumps(sarif(found), indent=2) + "\n"))
    for path, made in reports:
        if path is None:
            continue
        try:
            path.write_text(made(result), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"cannot write the report to {path}: {error}") from error


def junit(result: Mapping[str, Any]) -> str:
    """A suite with a case for the verdict and one a finding.

    An accusation and a `fail` are failures, our own `error` an error; what could not be told is skipped.
    """
    cases = list(_cases(result))
    kinds = [kind for _, kind, _, _ in cases]
    named = f"assay verify {result['model']}"
    suite = ElementTree.Element(
        "testsuite",
        name=_xml(named),
        tests=str(len(cases)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
    )
    for name, kind, message, text in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=_xml(named), name=_xml(name))
        if kind:
            ElementTree.SubElement(case, kind, message=_xml(message)).text = _xml(text)
        else:
            ElementTree.SubElement(case, "system-out").text = _xml(message)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def sarif(result: Mapping[str, Any]) -> dict[str, Any]:
    """One run; a rule for the verdict and one a check, a result for whatever speaks against the endpoint."""
    findings = result["findings"]
    verdict = result["verdict"]
    rules = [{"id": "verdict", "shortDescription": {"text": "The endpoint serves the released weights."}}]
    rules += [
        {"id": one["check"], "shortDescription": {"text": clean_text(one["check"])}} for one in findings
    ]
    said = []
    if verdict in ACCUSING:
        said.append(_result("verdict", "error", result["sentence"], result))
    said += [
        _result(one["check"], LEVELS[one["outcome"]], one["cause"], result)
        for one in findings
        if one["outcome"] in LEVELS
    ]
    driver = {"name": "assay", "version": result["versions"]["assay"], "rules": rules}
    properties = {key: result[key] for key in ("verdict", "fidelity", "declaration", "versions")}
    run = {"tool": {"driver": driver}, "results": said, "properties": properties}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _cases(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """(name, kind or "" where it passes, message, text) of each case."""
    verdict, sentence = str(result["verdict"]), str(result["sentence"])
    kind = "failure" if verdict in ACCUSING else "" if verdict == "faithful" else "skipped"
    yield "verdict", kind, sentence, json.dumps(result["fidelity"])
    kinds = {"fail": "failure", "error": "error", "inconclusive": "skipped", "unsupported": "skipped"}
    for one in result["findings"]:
        numbers = {key: one[key] for key in ("estimate", "low", "high", "n", "unit")}
        yield one["check"], kinds.get(one["outcome"], ""), one["cause"], json.dumps(numbers)


def _result(rule: str, level: str, text: str, result: Mapping[str, Any]) -> dict[str, Any]:
    endpoint = result["endpoint"]
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": clean_text(str(text))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": endpoint["base_url"]}},
                "logicalLocations": [{"name": endpoint["upstream_model"], "kind": "resource"}],
            }
        ],
    }


def _xml(text: object) -> str:
    """Text that XML 1.0 can hold."""
    kept = (
        sign if sign in "\t\n" or 0x20 <= ord(sign) <= 0xFFFD or ord(sign) > 0xFFFF else "\ufffd"
        for sign in str(text)
    )
    return "".join("\ufffd" if 0xD800 <= ord(sign) <= 0xDFFF else sign for sign in kept)
