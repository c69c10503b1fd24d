#!/usr/bin/env python3
"""Measures the HTTP server under load: wrk at 32 connections, on a database of TICKETS tickets.

    apt install wrk postgresql-contrib
    bench/server.py --program target/release/ai-tickets [--tickets 100000] [--seconds 10] [--models DIR] \\
        [--database postgresql://… --postgres-log FILE]

Prints requests a second, p50 and p99, processor time a request, and the resident memory of the server.
The tickets are imported without any model, so that what is measured is the server and its database;
with --models a second server of the same data then triages.

With --database each measurement is interleaved with pgbench, which runs the very statements that the
server was seen to send for such a request in the log of PostgreSQL, over as many connections. The
database of the URL is made for this and dropped again; its user must be a superuser.
"""
import argparse, json, os, pathlib, re, statistics, subprocess, tempfile, time, urllib.request

TICK = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 32
TEXT = ("Since the update of last night our whole team in the second office cannot print any invoices from the accounting "
        "system. The print job appears in the queue for a second and is then gone, and the event log says error 0x0000011b. "
        "We tried another printer and another account, restarted the spooler and the server, and nothing of that helped. "
        "Please have a look today.")


def call(base, method, path, body=None, token=None):
    request = urllib.request.Request(base + "/api/v1" + path, method=method,
                                     data=None if body is None else json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", "Bearer " + token)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


class Server:
    """The program, serving on a free port."""

    def __init__(self, program, env, pin=()):
        started = time.time()
        self.process = subprocess.Popen([*pin, program, "serve"], env=env, stdout=subprocess.PIPE, text=True)
        self.base = next(m.group(1) for line in self.process.stdout if (m := re.search(r"Listening on (\S+)", line)))
        self.ready = time.time() - started
        try:
            self.log_in(env)
        except BaseException:
            self.stop()
            raise

    def log_in(self, env):
        password = pathlib.Path(env["DATA_DIR"], "admin-password").read_text().strip()
        self.token = call(self.base, "POST", "/auth/login", {"email": "admin@localhost", "password": password})["access_token"]

    def call(self, method, path, body=None):
        return call(self.base, method, path, body, self.token)

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def resident_mb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read()).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def milliseconds(word):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", word).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def wrk(server, script, seconds):
    """Requests a second, p50 and p99 in ms, µs of the server's CPU a request."""
    head = (f'wrk.headers["authorization"] = "Bearer {server.token}"\nwrk.headers["content-type"] = "application/json"\n')
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(head + script)
        file.flush()
        before = server.cpu_seconds()
        out = subprocess.run(["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", file.name, server.base],
                             capture_output=True, text=True, check=True).stdout
        used = server.cpu_seconds() - before
    if bad := re.search(r"Non-2xx or 3xx responses: (\d+)", out):
        raise SystemExit(f"{bad.group(1)} requests were refused")
    count = int(re.search(r"(\d+) requests in", out).group(1))
    p50, p99 = (milliseconds(re.search(rf"^ +{p}% +(\S+)", out, re.M).group(1)) for p in ("50", "99"))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), p50, p99, used / count * 1e6


def pgbench(args, script):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        out = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(args.seconds),
                              "-f", file.name, args.database], capture_output=True, text=True)
    if out.returncode or "tps" not in out.stdout:
        raise SystemExit(out.stderr + script)
    return float(re.search(r"tps = ([\d.]+)", out.stdout).group(1))


def literal(value):
    """A value as pgbench leaves it alone: it takes a colon with a name for a variable, even in a string."""
    if re.search(r":\w", value):
        return "E" + value.replace("\\", "\\\\").replace(":", "\\x3a")
    return value


def statements(args, request):
    """What the server sends to PostgreSQL for one request, with the values in their places."""
    log = pathlib.Path(args.postgres_log)
    at = log.stat().st_size
    request()
    time.sleep(1)
    with open(log) as file:
        file.seek(at)
        text = file.read()
    found = []
    entries = re.split(r"\n(?=\d{4}-\d\d-\d\d )", text)
    for i, entry in enumerate(entries):
        m = re.search(r"\[(\d+)\] LOG:  (?:execute [^:]*|statement): (.*)", entry, re.S)
        if not m:
            continue
        sql, pid = m.group(2).strip(), m.group(1)
        if detail := re.search(rf"\[{pid}\] DETAIL:  parameters: (.*)", entries[i + 1] if i + 1 < len(entries) else "", re.S):
            values = dict(re.findall(r"\$(\d+) = (NULL|'(?:[^']|'')*')", detail.group(1)))
            sql = re.sub(r"\$(\d+)", lambda p: literal(values[p.group(1)]), sql)
        found.append((pid, sql))
    return found


def recorded(args, env, number):
    """The pgbench scripts of a get, a list, and a create, taken from the log of PostgreSQL."""
    name = args.database.rsplit("/", 1)[1]
    admin = args.database.rsplit("/", 1)[0] + "/postgres"
    psql = lambda sql: subprocess.run(["psql", "-q", admin, "-c", sql], check=True)
    psql(f"ALTER DATABASE {name} SET log_statement = 'all'")
    server = Server(args.program, env)
    scripts = {}
    try:
        body = {"title": "A new ticket", "description": "It was made under load.", "category": "bug", "priority": "low"}
        requests = {
            "get": lambda: server.call("GET", f"/tickets/{number}"),
            "list 20": lambda: server.call("GET", "/tickets?limit=20"),
            "list 20 own": lambda: server.call("GET", "/tickets?assignee_id=me&limit=20"),
            "create": lambda: server.call("POST", "/tickets", body),
        }
        for request in requests.values():
            request()
        time.sleep(5)  # what runs in the background after a create is not of the request
        for key, request in requests.items():
            seen = statements(args, request)
            auth = next(sql for _, sql in seen if "FROM sessions" in sql)
            if key == "create":
                pid = next(pid for pid, sql in seen if sql.startswith("INSERT INTO \"tickets\""))
                own = [sql for p, sql in seen if p == pid]
                own = own[own.index("BEGIN"):own.index("COMMIT") + 1]
                insert = next(sql for sql in own if sql.startswith("INSERT INTO \"tickets\""))
                made = re.search(r"VALUES \('([0-9a-f-]{36})'", insert).group(1)
                event = next(sql for sql in own if "INTO ticket_events" in sql)
                new = re.search(r"VALUES \('[0-9a-f-]{36}', '(\d+)'", event).group(1)
                lines = []
                for sql in [auth, *own]:
                    sql = sql.replace(f"'{made}'", "gen_random_uuid()").replace(f"'{new}'", ":number")
                    if "INTO ticket_events" in sql:
                        sql = re.sub(r"VALUES \('[0-9a-f-]{36}'", "VALUES (gen_random_uuid()", sql)
                    lines.append(sql + (" \\gset" if sql.startswith("INSERT INTO \"tickets\"") else ";"))
            else:
                read = next(sql for _, sql in seen if 'FROM "tickets" AS "t"' in sql)
                lines = [auth + ";", read.replace(f"'{number}'", ":n") + ";"]
            scripts[key] = f"\\set n random(1, {args.tickets})\n" + "\n".join(" ".join(l.split("\n")) for l in lines) + "\n"
    finally:
        server.stop()
        psql(f"ALTER DATABASE {name} RESET log_statement")
    return scripts


def report(server, name, rounds, beside=()):
    rate, p50, p99, cpu = (statistics.mean(column) for column in zip(*rounds))
    line = f"{name:22} {rate:8.0f}/s  p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  {cpu:6.0f} µs CPU  {server.resident_mb():5.0f} MB"
    if beside:
        line += f"  pgbench {statistics.mean(beside):8.0f}/s  ratio {rate / statistics.mean(beside):.2f}"
    print(line, flush=True)


def measure(args, server, name, script, sql=None):
    rounds, beside = [], []
    for _ in range(2):
        rounds.append(wrk(server, script, args.seconds))
        if sql:
            beside.append(pgbench(args, sql))
    report(server, name, rounds, beside)


def get(path):
    return f'request = function() return wrk.format("GET", "/api/v1{path}") end'


def post(path, body):
    return f"wrk.method = 'POST'\nwrk.body = [[{json.dumps(body)}]]\nrequest = function() return wrk.format(nil, '/api/v1{path}') end"


def without_models(args, env, scripts):
    server = Server(args.program, env)
    try:
        print(f"ready after {server.ready:.2f} s with {args.tickets} tickets, {server.resident_mb():.0f} MB")
        idle(server)
        print(f"with all of them read {server.resident_mb():.0f} MB", flush=True)
        measure(args, server, "get", f'request = function() return wrk.format("GET", "/api/v1/tickets/" .. math.random({args.tickets})) end',
                scripts.get("get"))
        measure(args, server, "list 20", get("/tickets?limit=20"), scripts.get("list 20"))
        measure(args, server, "list 20 own", get("/tickets?assignee_id=me&limit=20"), scripts.get("list 20 own"))
        page = server.call("GET", "/tickets?limit=20")
        for _ in range(min(4998, args.tickets // 20 - 2)):
            page = server.call("GET", "/tickets?limit=20&cursor=" + page["next_cursor"])
        measure(args, server, "list 20, page 5,000", get("/tickets?limit=20&cursor=" + page["next_cursor"]))
        body = {"title": "A new ticket", "description": "It was made under load.", "category": "bug", "priority": "low"}
        measure(args, server, "create", post("/tickets", body), scripts.get("create"))
    finally:
        server.stop()


def write_tickets(path, count):
    with open(path, "w") as out:
        for i in range(count):
            out.write(json.dumps({"title": f"Ticket {i} about printer {i % 97}", "category": ("technical", "bug", "billing")[i % 3],
                                  "description": f"Device {i % 1013} on floor {i % 7} shows code E-{i % 501}. " * 4,
                                  "priority": "medium"}) + "\n")


def bring_in(args, env, path):
    subprocess.run([args.program, "import", "tickets", str(path)], env=env, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def idle(server):
    """Waits until what runs in the background has ended."""
    while True:
        before = server.cpu_seconds()
        time.sleep(2)
        if server.cpu_seconds() - before < 0.1:
            return


def with_models(args, env, folder):
    env = {**env, "DATA_DIR": folder, "MODELS_DIR": str(pathlib.Path(args.models).resolve())}
    env.pop("DATABASE_URL", None)
    server = Server(args.program, env)
    try:
        print(f"with models, on SQLite: ready after {server.ready:.2f} s, {server.resident_mb():.0f} MB")
        write_tickets(pathlib.Path(folder, "tickets.jsonl"), 1000)
        bring_in(args, env, pathlib.Path(folder, "tickets.jsonl"))
        idle(server)
        print(f"with 1000 tickets read and learnt from {server.resident_mb():.0f} MB")
        measure(args, server, "create with triage", post("/tickets", {"title": "Printing fails", "description": TEXT}))
    finally:
        server.stop()
    server = Server(args.program, env, pin=("taskset", "-c", "0"))
    try:
        idle(server)
        took = []
        for i in range(210):
            started = time.perf_counter()
            server.call("POST", "/ai/categorize", {"text": f"{TEXT} Room {i}."})
            took.append((time.perf_counter() - started) * 1000)
        took = sorted(took[10:])
        print(f"triage of a {len(TEXT.split())}-word text on one core, one at a time: p50 {took[100]:.1f} ms, p99 {took[198]:.1f} ms")
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(pathlib.Path(__file__).parent.parent / "target/release/ai-tickets"))
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--models")
    parser.add_argument("--database")
    parser.add_argument("--postgres-log")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "DATA_DIR": folder, "PORT": "0", "DASHBOARD_PORT": "off", "MODELS_DIR": folder + "/none", "LOG_LEVEL": "error",
               "RATE_LIMIT_PER_MINUTE": "0", "ACCESS_TOKEN_TTL_S": "86400"}
        if args.database:
            env["DATABASE_URL"] = args.database
            admin, name = args.database.rsplit("/", 1)
            subprocess.run(["psql", "-q", admin + "/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
        try:
            rows = pathlib.Path(folder, "tickets.jsonl")
            write_tickets(rows, args.tickets)
            Server(args.program, env).stop()
            started = time.time()
            bring_in(args, env, rows)
            print(f"imported {args.tickets} in {time.time() - started:.0f} s", flush=True)
            without_models(args, env, recorded(args, env, args.tickets // 2) if args.postgres_log else {})
            if args.models:
                with tempfile.TemporaryDirectory() as other:
                    with_models(args, env, other)
        finally:
            if args.database:
                subprocess.run(["psql", "-q", admin + "/postgres", "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True)


main()
