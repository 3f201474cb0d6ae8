from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC, FEW, texts
from tests.verifier.small_world import WIDE
from tests.verifier.synthetic import TEMPLATE, Synthetic
from verifier.baseline.template import ChatTemplate, TemplateFault

CHATML = """\
{%- if messages[0]['role'] == 'system' -%}
    {%- set system = messages[0]['content'] -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set system = 'You are a helpful AI assistant.' -%}
    {%- set rest = messages -%}
{%- endif -%}
{{ bos_token + '<|im_start|>system\\n' + system + '<|im_end|>\\n' }}
{%- for message in rest %}
    {% if message.role == 'system' %}
        {{ raise_exception('Only the first message may be the system\\'s.') }}
    {% elif message.content | trim == '' %}
        {% continue %}
    {% endif %}
    {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
"""As models of the ChatML family carry it, with everything that the dialect has beside plain Jinja."""

SYSTEM = {"role": "system", "content": "Be brief."}
ASK = {"role": "user", "content": " What is 7? "}
SAID = {"role": "assistant", "content": "A number."}


def test_a_chatml_template_is_rendered_as_its_makers_render_it() -> None:
    template = ChatTemplate(CHATML, bos_token="<s>")
    assert template.render([SYSTEM, ASK, SAID, ASK]) == (
        "<s><|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nWhat is 7?<|im_end|>\n"
        "<|im_start|>assistant\nA number.<|im_end|>\n"
        "<|im_start|>user\nWhat is 7?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert (
        ChatTemplate(CHATML).render([ASK]).startswith("<|im_start|>system\nYou are a helpful AI assistant.")
    )


def test_the_template_of_the_made_up_model_says_what_it_reads() -> None:
    """Second source: the model is asked by chat and by text."""
    template = ChatTemplate(TEMPLATE)
    for prompt in WIDE.prompts[:20]:
        text = template.render(prompt.messages)
        ask = {"max_tokens": 1, "temperature": 0.0}
        chat = Synthetic().complete(
            {**ask, "messages": prompt.messages, "logprobs": True, "top_logprobs": 20}
        )
        raw = Synthetic().complete({**ask, "prompt": text, "logprobs": 20})
        assert raw.positions == chat.positions
        assert raw.text == chat.text


def test_what_a_template_refuses_is_said_in_its_own_words() -> None:
    with pytest.raises(TemplateFault, match=r"does not take these messages: Only the first message may be"):
        ChatTemplate(CHATML).render([ASK, SYSTEM])


def test_json_is_plain_as_the_makers_tokenizer_writes_it() -> None:
    value = [{"role": "user", "content": "<é> & 'x'"}]
    assert ChatTemplate("{{ messages | tojson }}").render(value) == json.dumps(value, ensure_ascii=False)
    indented = ChatTemplate("{{ messages | tojson(indent=2) }}").render(value)
    assert indented == json.dumps(value, ensure_ascii=False, indent=2)
    tight = ChatTemplate("{{ messages | tojson(separators=(',', ':'), sort_keys=true) }}").render(value)
    assert tight == json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ messages[0].__class__.__base__.__subclasses__() }}",
        "{{ ('' | attr('__class__')).__mro__ }}",
        "{{ '{0.__class__.__mro__}'.format('x') }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'content': 'x'}) }}",
        "{% set messages[0].content = 'x' %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
    ],
)
def test_what_comes_from_outside_reaches_nothing(source: str) -> None:
    messages = [dict(ASK)]
    with pytest.raises(TemplateFault):
        ChatTemplate(source).render(messages)
    assert messages == [ASK]


def test_a_double_underscore_alone_is_nothing() -> None:
    for source in ("{{ ''.__class__ }}", "{{ raise_exception.__globals__ }}", "{{ messages.__class__ }}"):
        assert ChatTemplate(source).render([ASK]) == ""


@pytest.mark.parametrize(
    "source",
    [
        "{% for %}",
        "{{ messages",
        "{% endif %}",
        "{{ messages | no_such_filter }}",
        "{% generate %}",
        "{{ 1 / 0 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ messages[5].content }}",
        "{{ no_such_function() }}",
        "{{ 'a'.encode('no-such-code') }}",
        "{{ 10 ** 100000 }}",
        "{{ 'a' + 1 }}",
        "{{ raise_exception | tojson }}",
        "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
    ],
    ids=lambda source: source[:30],
)
def test_a_broken_template_is_said_in_one_sentence(source: str) -> None:
    with pytest.raises(TemplateFault, match=r"^the chat template (cannot be read|does not take these)"):
        ChatTemplate(source).render([ASK])


@DETERMINISTIC
@given(st.text(max_size=40), texts)
def test_no_source_is_a_crash(source: str, content: str) -> None:
    try:
        rendered = ChatTemplate(source).render([{"role": "user", "content": content}])
    except TemplateFault:
        return
    assert isinstance(rendered, str)


@FEW
@given(st.lists(texts, min_size=1, max_size=3))
def test_messages_are_text_and_never_template(contents: list[str]) -> None:
    """What a prompt says in Jinja's signs stays what it says."""
    odd = [{"role": "user", "content": f"{{{{ 7 * 7 }}}}{{% raw %}}{content}"} for content in contents]
    assert ChatTemplate(TEMPLATE).render(odd) == "\n".join(f"user: {turn['content']}" for turn in odd)
