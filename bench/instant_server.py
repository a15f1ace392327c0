#!/usr/bin/env python3
"""A model server that answers at once, so that what is measured is the client. Chat completions, streamed; one thread.

usage: instant_server.py TOKENS    prints its port, then one JSON line for each request: {"at": monotonic seconds at which
                                   the whole request was there, "bytes": length of its body}
"""
import json
import socket
import sys
import time


def event(payload):
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


def chunk(delta, finish=None):
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "instant",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def answer(tokens):
    body = event(chunk({"role": "assistant", "content": "tok "}))
    body += b"".join(event(chunk({"content": "tok "})) for _ in range(tokens - 1))
    body += event(chunk({}, "stop"))
    body += event({**chunk({}), "choices": [],
                   "usage": {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": 10 + tokens}})
    return body + b"data: [DONE]\n\n"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n"


def read_request(c):
    """(request line, body), None when the client hangs up first."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = c.recv(65536)
        if not piece:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"expect":
            c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < length:
        piece = c.recv(65536)
        if not piece:
            return None
        body += piece
    return head.split(b"\r\n")[0], body


def serve(c, stream, models):
    request = read_request(c)
    if not request:
        return
    line, body = request
    if b" /v1/models" in line:
        c.sendall(HEAD % b"application/json" + models)
        return
    at = time.monotonic()
    c.sendall(HEAD % b"text/event-stream" + stream)
    print(json.dumps({"at": at, "bytes": len(body)}), flush=True)


def main():
    stream = answer(int(sys.argv[1]))
    models = json.dumps({"object": "list", "data": [{"id": "instant", "object": "model"}]}).encode()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    while True:
        c, _ = listener.accept()
        with c:
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve(c, stream, models)


if __name__ == "__main__":
    main()
