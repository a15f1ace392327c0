"""The gateway's part of bench/run: start, memory, what it adds to the first token, what a turn and many at once cost.

Clients are plain sockets, and the model server is bench/model-server: with neither of them in the way what is left is the
gateway. Direct calls and calls through the gateway take turns, so that both meet the same machine.
"""
import contextlib
import json
import os
import pathlib
import select
import socket
import statistics
import subprocess
import time

TOKEN = "bench-token"
TURNS, AT_ONCE, STREAMS = 30, 20, 16
SCOPES = ["operator.admin", "operator.read", "operator.write"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class ModelServer:
    def __init__(self, program, tokens):
        self.process = subprocess.Popen([str(program), str(tokens)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Http:
    """One streamed request: seconds to the first token, then to the end."""

    def __init__(self, port, model, path="/v1/chat/completions", text="hello"):
        body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": text}]})
        self.s = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()

    def run(self):
        began, data, first = time.monotonic(), b"", None
        self.s.sendall(self.request)
        while piece := self.s.recv(65536):
            data += piece
            if first is None and b'"content":"x' in data:
                first = time.monotonic() - began
        self.s.close()
        if first is None:
            raise RuntimeError(f"no token: {data[:500]!r}")
        return first, time.monotonic() - began


class WebSocket:
    """A client of the protocol, as far as a turn needs it."""

    def __init__(self, port, caps=("tool-events", "session-scoped-events")):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s.sendall((f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").encode())
        self.data, self.n = b"", 0
        while b"\r\n\r\n" not in self.data:
            self.data += self.s.recv(65536)
        self.data = self.data.split(b"\r\n\r\n", 1)[1]
        self.answer(self.ask("connect", {
            "minProtocol": 4, "maxProtocol": 4, "role": "operator", "scopes": SCOPES, "caps": list(caps), "auth": {"token": TOKEN},
            "client": {"id": "cli", "version": "1.0", "platform": "linux", "mode": "cli"}}))

    def frame(self):
        while True:
            if len(self.data) >= 2:
                size, at = self.data[1] & 127, 2
                if size >= 126:
                    at = 4 if size == 126 else 10
                    size = int.from_bytes(self.data[2:at], "big")
                if len(self.data) >= max(at, 4) and len(self.data) >= at + size:
                    opcode, payload = self.data[0] & 15, self.data[at:at + size]
                    self.data = self.data[at + size:]
                    if opcode == 8:
                        raise RuntimeError(f"closed: {payload!r}")
                    if opcode == 9:
                        self.s.sendall(b"\x8a" + bytes([0x80 | len(payload)]) + b"\0\0\0\0" + payload)
                    if opcode == 1:
                        return payload
                    continue
            piece = self.s.recv(1 << 20)
            if not piece:
                raise RuntimeError("closed")
            self.data += piece

    def ask(self, method, params):
        self.n += 1
        data = json.dumps({"type": "req", "id": f"q{self.n}", "method": method, "params": params}).encode()
        head = b"\x81" + (bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big"))
        self.s.sendall(head + b"\0\0\0\0" + data)
        return f'"id":"q{self.n}"'.encode()

    def answer(self, mark):
        while True:
            f = self.frame()
            if f.startswith(b'{"type":"res"') and mark in f[:60]:
                value = json.loads(f)
                if not value["ok"]:
                    raise RuntimeError(value["error"])
                return value.get("payload")

    def subscribe(self, key):
        self.answer(self.ask("sessions.messages.subscribe", {"key": key}))

    def begin(self, key, text="hello"):
        self.run = os.urandom(8).hex()
        self.began = time.monotonic()
        self.ask("chat.send", {"sessionKey": key, "message": text, "idempotencyKey": self.run})

    def end(self):
        """Seconds to the first text and to the end of the run that was begun."""
        first, mark = None, self.run.encode()
        while True:
            f = self.frame()
            if mark not in f:
                continue
            if first is None and (b'"state":"delta"' in f or b'"stream":"assistant"' in f):
                first = time.monotonic() - self.began
            if b'"event":"chat"' in f and (b'"state":"final"' in f or b'"state":"error"' in f):
                if b'"state":"error"' in f:
                    raise RuntimeError(f)
                return first, time.monotonic() - self.began

    def turn(self, key, text="hello"):
        self.begin(key, text)
        return self.end()

    def close(self):
        self.s.close()


class Gateway:
    """Ours, or the original's: whatever argv starts."""

    def __init__(self, argv, home, server, env=None, slots=AT_ONCE):
        self.port, self.home = free_port(), pathlib.Path(home)
        state = self.home / ".openclaw"
        state.mkdir(mode=0o700, exist_ok=True)
        (self.home / "workspace").mkdir(exist_ok=True)
        (state / "openclaw.json").write_text(json.dumps({
            "gateway": {"mode": "local", "bind": "loopback", "port": self.port, "auth": {"mode": "token", "token": TOKEN},
                        "http": {"endpoints": {"chatCompletions": {"enabled": True}}}},
            "logging": {"file": str(self.home / "gateway.log")},
            "agents": {"defaults": {"model": {"primary": "bench/instant"}, "workspace": str(self.home / "workspace")}},
            "models": {"mode": "merge", "providers": {"bench": {
                "baseUrl": f"http://127.0.0.1:{server.port}/v1", "api": "openai-completions", "apiKey": "none",
                **({"params": {"slots": slots}} if slots else {}),
                "models": [{"id": "instant", "name": "Instant", "contextWindow": 131072, "maxTokens": 4096}]}}}}))
        (state / "openclaw.json").chmod(0o600)
        self.argv = argv
        self.env = {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **(env or {})}

    def start(self, seconds=60):
        """Seconds from the start of the process to the first 200 of /healthz."""
        self.out = open(self.home / "gateway.out", "ab")
        probe = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode()
        began = time.monotonic()
        self.process = subprocess.Popen([*self.argv, "gateway", "--port", str(self.port)], env=self.env, cwd=self.home,
                                        stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out, start_new_session=True)
        while time.monotonic() < began + seconds:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                s.sendall(probe)
                if b" 200 " in s.recv(4096):
                    return time.monotonic() - began
            if self.process.poll() is not None:
                break
            time.sleep(0.0005)
        raise RuntimeError(f"it does not start: {(self.home / 'gateway.out').read_text()[-1000:]}")

    def memory(self):
        """(all, anonymous) resident MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        found = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(found[k].split()[0]) / 1024 for k in ("VmRSS", "RssAnon"))

    def processor(self):
        """Seconds of all threads, in nanosecond steps where /proc has them."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks.iterdir()) / 1e9

    def metric(self, name):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
            s.sendall(f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while piece := s.recv(65536):
                data += piece
        found = [line for line in data.decode().splitlines() if line.startswith(name + " ")]
        return float(found[0].split()[1]) if found else None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.out.close()


def start_times(g, n):
    """Seconds of n starts; the last one stays."""
    out = []
    for i in range(n):
        out.append(g.start())
        if i < n - 1:
            g.stop()
    return out


def first_tokens(g, server, runs):
    """(direct, {way: seconds}) of the first token, in turns."""
    ws = WebSocket(g.port)
    ws.subscribe("bench")
    ways = {"direct": lambda: Http(server.port, "instant").run()[0], "WebSocket": lambda: ws.turn("bench")[0],
            "HTTP, relayed": lambda: Http(g.port, "bench/instant").run()[0],
            "HTTP, agent": lambda: Http(g.port, "openclaw").run()[0]}
    seconds = {name: [] for name in ways}
    for name, one in list(ways.items()):
        try:
            one()
        except RuntimeError as e:
            if name == "direct":
                raise
            seconds[name] = str(e)[:80]
    for _ in range(runs):
        for name, one in ways.items():
            if isinstance(seconds[name], list):
                seconds[name].append(one())
    ws.close()
    return seconds


def turn_cost(g, turns):
    """Processor seconds of one turn."""
    ws = WebSocket(g.port)
    ws.subscribe("cost")
    ws.turn("cost")
    before = g.processor()
    for n in range(turns):
        ws.turn("cost")
    cost = (g.processor() - before) / turns
    ws.close()
    return cost


def at_once(g, n=AT_ONCE, text="hello"):
    """Seconds until n sessions that were asked together have all answered."""
    clients = [WebSocket(g.port) for _ in range(n)]
    for i, c in enumerate(clients):
        c.subscribe(f"many-{i}")
    began = time.monotonic()
    for i, c in enumerate(clients):
        c.begin(f"many-{i}", text)
    for c in clients:
        c.end()
    seconds = time.monotonic() - began
    for c in clients:
        c.close()
    return seconds


def watch_stall(g):
    """The longest stall while 16 sessions stream for some seconds."""
    at_once(g, STREAMS, "STREAM:100:20:8")
    return g.metric("openclaw_loop_longest_seconds")


def wait_ready(g, seconds=120):
    """Until it takes clients."""
    until = time.monotonic() + seconds
    while True:
        try:
            return WebSocket(g.port).close()
        except (RuntimeError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def measure(g, server, runs, row, plain, starts=None):
    """Everything, with the budgets; g is not started yet."""
    row("spawn to first /healthz 200", start_times(g, starts or max(5, runs // 5)), 15)
    wait_ready(g)
    time.sleep(2)
    rss, anonymous = g.memory()
    plain("resident memory, idle", f"{rss:.1f} MB", "16 MB", rss > 16)
    plain("of it anonymous", f"{anonymous:.1f} MB", "6 MB", anonymous > 6)
    seconds = first_tokens(g, server, runs)
    direct = seconds.pop("direct")
    row("first token of a direct call", direct)
    for name, values in seconds.items():
        if isinstance(values, str):
            plain(f"added to the first token, {name}", values)
            continue
        added = [v - statistics.median(direct) for v in values]
        row(f"added to the first token, {name}", added, 1)
    cost = turn_cost(g, max(TURNS, runs))
    plain("CPU of an agent turn (50 tokens) over WebSocket", f"{cost * 1000:.2f} ms", "2 ms", cost > 0.002)
    row(f"{AT_ONCE} sessions at once", [at_once(g) for _ in range(5)], 100)
    rss, anonymous = g.memory()
    plain(f"resident memory after {max(TURNS, runs)} turns and {AT_ONCE} at once", f"{rss:.1f} MB", "22 MB", rss > 22,
          f"anonymous {anonymous:.1f} MB")
    stall = watch_stall(g)
    if stall is not None:
        plain(f"longest stall of the loop under {STREAMS} streams", f"{stall * 1000:.1f} ms", "20 ms", stall > 0.02)
