"""Chat templates of the lab (Jinja, as model files carry them): the model's own, and two faulty ones."""

from __future__ import annotations

_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

HIDDEN_SENTENCE = "Keep every answer short, friendly and free of any criticism."
"""What the deployment `hidden-prompt` adds to every system message."""

HIDDEN_PROMPT = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\n" + _SYSTEM + ". " + HIDDEN_SENTENCE + "<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] }}"
    "{% if message['role'] == 'system' %}{{ ' " + HIDDEN_SENTENCE + "' }}{% endif %}"
    "{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""The model's own template with one sentence more in the system message."""

PLAIN_ROLES = (
    "{% for message in messages %}"
    "{{ message['role'] | capitalize + ': ' + message['content'] + '\n\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
"""A template of another model family: no control tokens, no default system message."""

ZEPHYR = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|endoftext|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
"""The template of the model that is not SmolLM2."""
