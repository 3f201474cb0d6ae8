"""The flat form of a run's document: the columns of the dump's table of runs."""

from __future__ import annotations

from leaderboard.exports.table import Column, at, date

COLUMNS = (
    Column("id", "text", "The run's id.", at("id")),
    Column("endpoint", "text", "The endpoint's id.", at("endpoint")),
    Column("model", "text", "org/name.", at("model")),
    Column("trigger", "text", "Why it was made.", at("trigger")),
    Column("started", "moment", "When it began.", date("started")),
    Column("ended", "moment", "When it ended.", date("ended")),
    Column("published", "flag", "Whether it ever spoke for its endpoint.", at("published")),
    Column("superseded_by", "text", "The run that speaks now.", at("superseded_by")),
    Column("verdict", "text", "Of an accusation that was not published: inconclusive.", at("verdict")),
    Column("grade", "text", "A+ to F.", at("result", "grade", "grade")),
    Column("fidelity", "number", "Of 100 next tokens.", at("result", "fidelity", "value")),
    Column("fidelity_low", "number", "Lower end of the 95 % interval.", at("result", "fidelity", "low")),
    Column("fidelity_high", "number", "Upper end.", at("result", "fidelity", "high")),
    Column("k", "whole", "Listed tokens compared.", at("result", "k")),
    Column("prompts", "whole", "n of the interval: prompts.", at("result", "prompts")),
    Column("agreement", "number", "Share of choices that agree.", at("result", "agreement", "value")),
    Column("evidence_level", "text", "What the endpoint let us see.", at("result", "evidence_level")),
    Column("e_value", "number", "The evidence behind the verdict.", at("result", "e_value")),
    Column("alpha", "number", "The error rate that it was held to.", at("result", "alpha")),
    Column("cause", "text", "What explains a deviation best.", at("result", "cause", "name")),
    Column("measured", "text", "Measured quantization.", at("result", "declaration", "measured")),
    Column("declared", "text", "Declared quantization.", at("result", "declaration", "declared")),
    Column("requests", "whole", "Requests made.", at("result", "requests")),
    Column(
        "decision_tokens", "whole", "Completion tokens until the decision.", at("result", "decision_tokens")
    ),
    Column("completion_tokens", "whole", "Completion tokens in all.", at("result", "completion_tokens")),
    Column("suite", "text", "What was asked.", at("versions", "suite")),
    Column("policy", "text", "The rules that judged.", at("versions", "policy")),
    Column("assay", "text", "The version that measured.", at("versions", "assay")),
)
