#!/usr/bin/env python3
"""Small questions that quickstart.sh asks: which model server answers, which port is free, what is in a JSON document.

usage: helper.py servers               lines "KIND<tab>BASE_URL<tab>FIRST_MODEL" of the model servers found
       helper.py free-port FIRST       first port from FIRST on that nobody listens on
       helper.py serves URL MODEL      exit 0 when URL/models lists MODEL
       helper.py listens PORT          exit 0 when somebody listens on 127.0.0.1:PORT
       helper.py starter DIR PORT      the provider entry for the starter in DIR, as JSON
       helper.py field PATH            one member (dotted path) of the JSON document on stdin, empty when absent
       helper.py now                   the time, for the next one
       helper.py answer BEGAN          the answer in the JSON document of `infer model run` on stdin, for people
"""
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request

TIMEOUT_S = 2
STARTER_MODEL = "smollm2-135m-instruct"


def get(url):
    """(status, body); (0, b"") when nothing usable answers. Proxies are for other hosts than this one."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as r:
            return r.status, r.read(4 << 20)
    except urllib.error.HTTPError as e:
        return e.code, b""
    except (OSError, ValueError):
        return 0, b""


def document(body):
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def model_ids(base):
    entries = document(get(base + "/models")[1]).get("data")
    entries = entries if isinstance(entries, list) else []
    ids = [e.get("id") for e in entries if isinstance(e, dict)]
    ids = [i for i in ids if isinstance(i, str)]
    return [i for i in ids if "embed" not in i.lower()] or ids


def is_lmstudio():
    status, body = get("http://localhost:1234/api/v1/models")
    return status in (401, 403) or "models" in document(body)


def is_ollama():
    return "version" in document(get("http://localhost:11434/api/version")[1])


def is_llamacpp():
    status, body = get("http://localhost:8080/health")
    return (status == 200 and "status" in document(body)) or "default_generation_settings" in document(
        get("http://localhost:8080/props")[1])


def is_vllm():
    return "data" in document(get("http://localhost:8000/v1/models")[1])


SERVERS = [  # kind, OpenAI base, test; the order is the order of preference
    ("lmstudio", "http://localhost:1234/v1", is_lmstudio),
    ("ollama", "http://localhost:11434/v1", is_ollama),
    ("llamacpp", "http://localhost:8080/v1", is_llamacpp),
    ("vllm", "http://localhost:8000/v1", is_vllm),
]


def servers():
    for kind, base, test in SERVERS:
        if test():
            ids = model_ids(base)
            print(kind, base, ids[0] if ids else "", sep="\t")


def listens(port):
    with socket.socket() as s:
        s.settimeout(TIMEOUT_S)
        return s.connect_ex(("127.0.0.1", port)) == 0


def free_port(first):
    for port in range(first, first + 200):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        print(port)
        return
    sys.exit(f"no free port from {first} on")


def starter(folder, port):
    """D39: its window is small, so it has its own limits for the context guard."""
    base = f"http://127.0.0.1:{port}"
    threads = max(1, (os.cpu_count() or 2) - 1)
    entry = {
        "baseUrl": base + "/v1",
        "api": "openai-completions",
        "apiKey": "custom-local",
        "params": {"contextGuard": {"warnBelow": 0, "blockBelow": 4096}},
        "localService": {
            "command": f"{folder}/venv/bin/python",
            "args": [f"{folder}/server.py", f"{folder}/SmolLM2-135M-Instruct.Q4_1.gguf", str(port), "--ctx", "8192",
                     "--threads", str(threads), "--alias", STARTER_MODEL],
            "healthUrl": base + "/health",
            "readyTimeoutMs": 120000,
            "idleStopMs": 900000,
        },
        "models": [{"id": STARTER_MODEL, "name": "SmolLM2 135M Instruct", "contextWindow": 8192,
                    "contextTokens": 8192, "maxTokens": 1024, "compat": {"supportsTools": False}}],
    }
    print(json.dumps(entry))


def field(path):
    value = document(sys.stdin.read())
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    print("" if value is None else value)


def answer(began):
    seconds = max(time.time() - began, 0.001)
    d = document(sys.stdin.read())
    text = "".join(o.get("text") or "" for o in d.get("outputs") or [])
    usage = d.get("usage") or {}
    rate = d.get("tokensPerSecond")
    if not text.strip():
        sys.exit("the model gave an empty answer")
    print("\n".join("    " + line for line in text.strip().splitlines()))
    print(f"\nmodel:  {d.get('provider')}/{d.get('model')}")
    if rate:
        print(f"speed:  {rate:.1f} tokens per second")
    elif usage.get("output"):
        print(f"speed:  {usage['output'] / seconds:.1f} tokens per second, reading the prompt included")


def main(argv):
    if argv == ["servers"]:
        servers()
    elif len(argv) == 2 and argv[0] == "free-port":
        free_port(int(argv[1]))
    elif len(argv) == 3 and argv[0] == "serves":
        return 0 if argv[2] in model_ids(argv[1]) else 1
    elif len(argv) == 2 and argv[0] == "listens":
        return 0 if listens(int(argv[1])) else 1
    elif len(argv) == 3 and argv[0] == "starter":
        starter(argv[1], int(argv[2]))
    elif len(argv) == 2 and argv[0] == "field":
        field(argv[1])
    elif argv == ["now"]:
        print(time.time())
    elif len(argv) == 2 and argv[0] == "answer":
        answer(float(argv[1]))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
