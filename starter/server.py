#!/usr/bin/env python3
"""A small model server: llama.cpp's own HTTP server, loaded into this process from the wheel `xllamacpp`.

usage: server.py MODEL.gguf PORT [--ctx 8192] [--threads N] [--alias NAME] [--template FILE] [--parallel N] [--embeddings]

Listens on 127.0.0.1 only. Ends on SIGTERM and SIGINT, and when the process that started it has gone: a supervisor that
was killed leaves no server behind.
"""
import argparse
import os
import signal
import sys
import threading


def arguments():
    p = argparse.ArgumentParser(description="llama.cpp's HTTP server from the wheel xllamacpp")
    p.add_argument("model", help="a .gguf file")
    p.add_argument("port", type=int)
    p.add_argument("--ctx", type=int, default=8192, help="context window in tokens, shared by the slots")
    p.add_argument("--parallel", type=int, default=1, help="slots")
    # One thread per core starves everything else on the machine, and two spinning threads that share a core with other
    # work fall below a token a second.
    p.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    p.add_argument("--alias", help="name under which the model is listed")
    p.add_argument("--template", help="chat template file (Jinja), instead of the one in the model")
    p.add_argument("--cache-ram", type=int, default=256, help="MiB for prompts kept beside the slots")
    p.add_argument("--embeddings", action="store_true", help="serve /v1/embeddings, and nothing else")
    p.add_argument("--verbosity", type=int, default=1)
    return p.parse_args()


def parameters(x, a):
    p = x.CommonParams()
    p.model.path = a.model
    p.hostnames = ["127.0.0.1"]
    p.port = a.port
    p.n_ctx = a.ctx
    p.n_parallel = a.parallel
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = a.threads
    p.endpoint_metrics = True
    p.endpoint_slots = True
    p.fit_params = False
    p.use_jinja = True
    p.cache_ram_mib = a.cache_ram
    p.verbosity = a.verbosity
    if a.embeddings:
        p.embedding = True
        p.pooling_type = x.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        p.n_batch = p.n_ubatch = a.ctx  # a text has to fit into one batch
    if a.alias:
        p.model_alias = {a.alias}
    if a.template:
        with open(a.template, encoding="utf-8") as f:
            p.chat_template = f.read()
    return p


def main():
    a = arguments()
    if not os.path.isfile(a.model):
        sys.exit(f"server.py: no such model file: {a.model}")
    parent = os.getppid()
    stop = threading.Event()
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: stop.set())
    import xllamacpp  # late: it takes a moment, and a wrong argument should not wait for it

    server = xllamacpp.Server(parameters(xllamacpp, a))
    print(f"listening on {server.listening_address}", flush=True)
    while not stop.wait(0.5) and os.getppid() == parent:
        pass
    del server


if __name__ == "__main__":
    main()
