"""One deployment in a process of its own: `python -m verifier.lab.child CONFIG`, CONFIG a JSON object.

Prints one JSON line when it serves (`{"url": "http://127.0.0.1:PORT"}`), then serves until its stdin ends,
its parent is another process than at the start, or a signal ends it. Nothing needs cleaning up, so it ends at once.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_PARENT_CHECK_SECONDS = 1.0


def main() -> NoReturn:
    """Serve the deployment described on the command line until the parent goes."""
    config: dict[str, Any] = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    if config["die_with_parent"]:
        die_with_parent()
    server = start(config)
    print(json.dumps({"url": server.listening_address}), flush=True)
    wait_for_parent(config["parent"])
    os._exit(0)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends (prctl(2), Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for_parent(parent: int) -> None:
    """Block until stdin ends or `parent` (a process id) is no longer the parent of this process.

    The pipe alone is not enough: a process forked from the parent may hold its other end open.
    """
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], _PARENT_CHECK_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            return


def start(config: dict[str, Any]) -> Any:
    """Boot the llama.cpp server of the xllamacpp wheel; returns it once it listens."""
    import xllamacpp

    options = config["options"]
    attention = xllamacpp.llama_flash_attn_type
    params = xllamacpp.CommonParams()
    params.model.path = config["weights"]
    params.model_alias = {config["model"]}
    params.hostnames = ["127.0.0.1"]
    params.port = config["port"]
    params.cpuparams.n_threads = options["threads"]
    params.cpuparams_batch.n_threads = options["threads"]
    params.n_parallel = options["slots"]
    params.n_ctx = options["context"] * options["slots"]
    params.n_batch = options["batch"]
    params.n_ubatch = options["micro_batch"]
    params.flash_attn_type = {
        None: attention.LLAMA_FLASH_ATTN_TYPE_AUTO,
        True: attention.LLAMA_FLASH_ATTN_TYPE_ENABLED,
        False: attention.LLAMA_FLASH_ATTN_TYPE_DISABLED,
    }[options["flash_attention"]]
    params.cache_type_k = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options['cache_k']}")
    params.cache_type_v = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options['cache_v']}")
    if options["chat_template"] is not None:
        params.chat_template = options["chat_template"]
    params.use_jinja = True
    params.cache_ram_mib = 0  # no second copy of old prompts in memory
    params.fit_params = False  # sizes are given; probing the machine costs boot time
    params.n_gpu_layers = 0
    params.warmup = False
    params.verbosity = 1
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
