#!/usr/bin/env python3
"""Idle WebSockets: how much memory they take, and how long one event takes to reach all of them.

    bench/sockets.py --program target/release/ai-tickets --sockets 10000

Starts the server on a database of its own, opens the sockets, makes one ticket, and waits until every socket
has heard of it. Only the standard library is used; `ulimit -n` must allow a little more than the sockets.
"""
import argparse
import asyncio
import base64
import json
import os
import resource
import subprocess
import tempfile
import time
import urllib.request

PASSWORD = "correct horse battery"


def rss_mb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def call(port, method, path, token=None, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1{path}", data=data, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


class Client(asyncio.Protocol):
    """As little as a client can be: it sends the upgrade and counts what comes after it."""

    def __init__(self, request):
        self.request, self.head, self.open, self.heard = request, b"", asyncio.Event(), asyncio.Event()

    def connection_made(self, transport):
        transport.write(self.request)

    def data_received(self, data):
        if self.open.is_set():
            if b"ticket.created" in data:
                self.heard.set()
            return
        self.head += data
        if b"\r\n\r\n" in self.head:
            assert self.head.startswith(b"HTTP/1.1 101"), self.head[:200]
            self.open.set()


async def measure(port, pid, token, count):
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /ws/tickets HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    before = rss_mb(pid)
    clients, began = [], time.monotonic()
    while len(clients) < count:
        batch = await asyncio.gather(
            *(loop.create_connection(lambda: Client(request), "127.0.0.1", port) for _ in range(100))
        )
        clients += [client for _, client in batch]
        await asyncio.gather(*(client.open.wait() for _, client in batch))
    opened = time.monotonic() - began
    await asyncio.sleep(2)
    idle = rss_mb(pid)
    began = time.monotonic()
    ticket = {"title": "One", "description": "", "category": "general", "priority": "low"}
    await asyncio.to_thread(call, port, "POST", "/tickets", token, ticket)
    answered = time.monotonic() - began
    await asyncio.wait_for(asyncio.gather(*(client.heard.wait() for client in clients)), 60)
    told = time.monotonic() - began
    print(json.dumps({
        "sockets": len(clients), "opened_s": round(opened, 2), "rss_before_mb": round(before, 1),
        "rss_idle_mb": round(idle, 1), "growth_mb": round(idle - before, 1),
        "answered_s": round(answered, 3), "all_told_s": round(told, 3),
        "rss_after_mb": round(rss_mb(pid), 1),
    }))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--sockets", type=int, default=10_000)
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, args.sockets * 2 + 1000), hard))
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"], "DATA_DIR": folder, "PORT": "0", "LOG_LEVEL": "warn",
            "ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": PASSWORD, "RATE_LIMIT_PER_MINUTE": "0",
            "MAX_SOCKETS_PER_USER": str(args.sockets), "MAX_CONNECTIONS": str(args.sockets + 100),
        }
        server = subprocess.Popen(
            [args.program, "serve"], env=environment, stdout=subprocess.PIPE, text=True, cwd=folder
        )
        try:
            for line in server.stdout:
                if "Listening on" in line:
                    port = int(line.split("Listening on", 1)[1].split("://")[1].split()[0].rstrip("/").split(":")[1].split("/")[0])
                    break
            else:
                raise RuntimeError("the server did not start")
            login = call(port, "POST", "/auth/login", body={"email": "admin@example.com", "password": PASSWORD})
            asyncio.run(measure(port, server.pid, login["access_token"], args.sockets))
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
