"""One deployment in a process of its own: `python -m verifier.lab.child CONFIG`, CONFIG a JSON object.

Prints one JSON line when it serves, `{"port": N}`, or `{"error": WHY}`; then serves until its stdin ends,
its parent is another process than at the start, or a signal ends it. It holds nothing that needs saving, so
it ends at once.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from verifier.lab.deployment import Access
from verifier.lab.front import Front
from verifier.lab.gateway import Gateway
from verifier.lab.gateways import PASS, behaviour
from verifier.lab.gateways.base import Server
from verifier.lab.vocabulary import read_vocabulary

_PR_SET_PDEATHSIG = 1
_PARENT_CHECK_SECONDS = 1.0


def main() -> NoReturn:
    """Serve the deployment described on the command line until the parent goes."""
    config: dict[str, Any] = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    if config["die_with_parent"]:
        die_with_parent()
    asyncio.run(serve(config))
    os._exit(0)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends (prctl(2), Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def serve(config: dict[str, Any]) -> None:
    """Boot the model servers and the door before them; ends when the parent is gone."""
    files = config["weights"]
    try:
        servers = [boot(file, config["model"], config["options"], config["access"]) for file in files]
    except ImportError as error:
        print(json.dumps({"error": f"{error}; expected the package xllamacpp: run `make setup`"}), flush=True)
        os._exit(1)
    except RuntimeError as error:
        why = f"{error} If {' or '.join(files)} is damaged, remove it: it will be built again"
        print(json.dumps({"error": why}), flush=True)
        os._exit(1)
    try:
        listening = await door(config, [port_of(server) for server in servers]).start(config["port"])
    except OSError as error:
        why = f"port {config['port']} cannot be had ({error.strerror}); give another, or none for a free one"
        print(json.dumps({"error": why}), flush=True)
    else:
        print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
        await parent_gone(config["parent"])
    os._exit(0)  # without waiting for the server's threads


def door(config: dict[str, Any], ports: list[int]) -> Front | Gateway:
    """What stands before the servers at `ports`: nothing but a count, or a gateway."""
    access = Access(**config["access"])
    if config["behaviour"] is None and access == Access():
        return Front(ports[0], config["model"])
    vocabulary = read_vocabulary(Path(config["weights"][0]))
    first, *others = [Server(port) for port in ports]
    behaving = behaviour(
        config["behaviour"] or PASS, first, others[0] if others else None, vocabulary, config["model"]
    )
    return Gateway(behaving, access, vocabulary, config["model"])


async def parent_gone(parent: int) -> None:
    """Wait until stdin ends or `parent` (a process id) is no longer the parent of this process.

    The pipe alone is not enough: a process forked from the parent may hold its other end open.
    """
    ended = asyncio.Event()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            ended.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)
    while os.getppid() == parent and not ended.is_set():
        try:
            await asyncio.wait_for(ended.wait(), _PARENT_CHECK_SECONDS)
        except TimeoutError:
            continue


def port_of(server: Any) -> int:
    """The port a llama.cpp server listens on."""
    return int(server.listening_address.rpartition(":")[2])


def boot(weights: str, model: str, options: dict[str, Any], access: dict[str, Any]) -> Any:
    """Start the llama.cpp server of the xllamacpp wheel; returns it once it listens.

    Args:
        weights: path of a GGUF file.
        model: the name it answers under.
        options: the fields of `deployment.ServerOptions`.
        access: the fields of `deployment.Access`.
    """
    import xllamacpp

    attention = xllamacpp.llama_flash_attn_type
    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.model_alias = {model}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
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
    params.cache_type_k = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options['kv_cache']}")
    params.cache_type_v = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options['kv_cache']}")
    if options["chat_template"] is not None:
        params.chat_template = options["chat_template"]
    params.use_jinja = True
    params.prefill_assistant = access["prefix"]
    params.cache_ram_mib = 0  # no second copy of old prompts in memory
    params.fit_params = False  # sizes are given; probing the machine costs boot time
    params.n_gpu_layers = 0
    params.warmup = False
    params.verbosity = 1
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
