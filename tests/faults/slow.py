"""Clients that are slow on purpose, and how the others fare meanwhile."""
import http.client
import json
import select
import socket
import statistics
import threading
import time

from parts import Server

CONNECTIONS = 1000
# Those who are not slow.
OTHERS = 4
# How long a slow one may stay, in seconds, and how long the others may wait, in milliseconds.
STAY_S, WAIT_MS = 15, 200
FILE_BYTES = 30_000_000


class Others:
    """Clients that ask as people do, and how long each answer took, in milliseconds."""

    def __init__(self, server):
        self.server, self.on, self.took, self.wrong = server, True, [], 0
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(OTHERS)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        headers = {"Authorization": f"Bearer {self.server.token}"}
        paths = ["/tickets", "/auth/me", "/tickets/1"]
        for turn in range(10**9):
            if not self.on:
                return
            begun = time.monotonic()
            # A connection for each: they have to be taken as well.
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            connection.request("GET", "/api/v1" + paths[turn % 3], None, headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            self.took.append((time.monotonic() - begun) * 1000)
            self.wrong += answer.status != 200
            time.sleep(0.01)

    def stop(self):
        self.on = False
        for thread in self.threads:
            thread.join()
        took = sorted(self.took)
        return {"asked": len(took), "p50_ms": round(statistics.median(took), 1), "p99_ms": round(took[int(len(took) * 0.99)], 1),
                "max_ms": round(took[-1], 1)}


def slow_clients(server, request, drips):
    """Opens the connections, and waits until the server has let all of them go. Seconds until the last one."""
    poll, open_ones = select.poll(), {}
    gone = select.POLLHUP | select.POLLERR | select.POLLRDHUP
    for _ in range(CONNECTIONS):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request)
        client.setblocking(False)
        # What it answers is not read: that would be a client that listens.
        poll.register(client, gone)
        open_ones[client.fileno()] = client
    begun = dripped = time.monotonic()
    while open_ones and time.monotonic() < begun + 3 * STAY_S:
        for handle, _ in poll.poll(50):
            poll.unregister(handle)
            open_ones.pop(handle).close()
        if drips and time.monotonic() > dripped + 1:
            dripped = time.monotonic()
            for client in open_ones.values():
                try:
                    client.send(b"x")
                except OSError:
                    pass
    took = time.monotonic() - begun
    for client in open_ones.values():
        client.close()
    return took, len(open_ones)


def series(name, program):
    server = Server(program)
    status, _, _ = server.call("POST", "/tickets", {"title": "t", "description": "d", "category": "bug", "priority": "low"})
    assert status == 201
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
    status, _, file = server.call("POST", "/files/upload", raw=head.encode() + b"x" * FILE_BYTES + b"\r\n--b--\r\n")
    assert status == 201, file
    bearer = f"Host: x\r\nAuthorization: Bearer {server.token}\r\n"
    post = f"POST /api/v1/tickets HTTP/1.1\r\n{bearer}Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
    form = (f"POST /api/v1/files/upload HTTP/1.1\r\n{bearer}Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: 9000000\r\n\r\n{head}")
    kinds = {
        "headers": (b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ", True),
        "silent": (b"", False),
        "json": (post.encode() + b'{"title":"', True),
        "upload": (form.encode(), True),
        "reader": (f"GET /api/v1/files/{file['id']}/content HTTP/1.1\r\n{bearer}\r\n".encode(), False),
    }
    good = True
    for kind, (request, drips) in kinds.items():
        others = Others(server)
        took, left = slow_clients(server, request, drips)
        found = others.stop()
        print(json.dumps({"name": name, "kind": kind, "connections": CONNECTIONS, "left": left, "last_gone_after_s": round(took, 1),
                          "others": found}), flush=True)
        good &= not left and took <= STAY_S and found["p99_ms"] < WAIT_MS and not others.wrong
    server.end()
    return good
