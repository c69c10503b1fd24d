#!/usr/bin/env python3
"""Measures what more tickets and more processes do to the server.

    apt install wrk
    bench/cluster.py --program target/release/ai-tickets [--tickets 10000,100000,1000000] [--seconds 8]
        [--only growth|processes|queue]

    growth      cost of a get, a list and a create at each number of tickets, in one process
    processes   requests a second and p99 with 1, 2 and 4 API processes on one PostgreSQL of the smallest number of tickets
    queue       jobs a second with 1 to 8 workers, from the first claim to the last end

PostgreSQL is private and flushes to the disk. Everything shares the machine, so that what is measured is cost, not how far
several machines carry.
"""
import argparse, json, re, statistics, subprocess, tempfile, time

import harness

CONNECTIONS = 32


def milliseconds(word):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", word).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def measured(servers, script, seconds):
    """Requests a second and the worst p50 and p99 in ms over servers that are asked together, µs of CPU a request."""
    before = sum(s.cpu_seconds() for s in servers)
    runs = []
    for server in servers:
        text = (f'wrk.headers["authorization"] = "Bearer {servers[0].token}"\nwrk.headers["content-type"] = "application/json"\n{script}')
        file = tempfile.NamedTemporaryFile("w", suffix=".lua")
        file.write(text)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS // len(servers)}", f"-d{seconds}s", "--latency", "-s", file.name, "http://" + server.base]
        runs.append((subprocess.Popen(command, stdout=subprocess.PIPE, text=True), file))
    out = [run.communicate()[0] for run, _ in runs]
    used = sum(s.cpu_seconds() for s in servers) - before
    if bad := [m for text in out if (m := re.search(r"Non-2xx or 3xx responses: (\d+)", text))]:
        raise SystemExit(f"{bad[0].group(1)} requests were refused")
    total = sum(int(re.search(r"(\d+) requests in", text).group(1)) for text in out)
    rate = sum(float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)) for text in out)
    p50, p99 = (max(milliseconds(re.search(rf"^ +{p}% +(\S+)", text, re.M).group(1)) for text in out) for p in (50, 99))
    return rate, p50, p99, used / total * 1e6


def scripts(tickets):
    get = lambda path: f'request = function() return wrk.format("GET", "/api/v1{path}") end'
    return {
        "get": f'request = function() return wrk.format("GET", "/api/v1/tickets/" .. math.random({tickets})) end',
        "list 20": get("/tickets?limit=20"),
        "list 20, open and most urgent": get("/tickets?limit=20&status=open&sort=-priority"),
        "create": f"wrk.method = 'POST'\nwrk.body = [[{json.dumps(harness.NEW_TICKET)}]]\nrequest = function() return wrk.format(nil, '/api/v1/tickets') end",
    }


def line(name, rounds):
    rate, p50, p99, cpu = (statistics.mean(column) for column in zip(*rounds))
    print(f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {cpu:.0f} |", flush=True)


class Database:
    """A filled database, and the folder of whoever serves it."""

    def __init__(self, postgres, program, tickets):
        self.postgres, self.program, self.tickets = postgres, program, tickets
        self.name = f"cluster{tickets}"
        self.url, self.folder = postgres.create(self.name), tempfile.TemporaryDirectory()
        self.serve().stop()
        if tickets:
            started = time.time()
            harness.fill(postgres, self.name, tickets)
            print(f"\n{tickets:,} tickets in {time.time() - started:.0f} s", flush=True)

    def serve(self, **env):
        return harness.Server(self.program, self.url, self.folder.name, **env)

    def drop(self):
        self.postgres.drop(self.name)
        self.folder.cleanup()


def growth(database, args):
    server = database.serve(ROLES="api").log_in().settled()
    try:
        print("| request | a second | p50 ms | p99 ms | CPU µs each |\n| --- | --- | --- | --- | --- |")
        for name, script in scripts(database.tickets).items():
            # The first round warms.
            measured([server], script, 2)
            line(f"{name}, {database.tickets:,}", [measured([server], script, args.seconds) for _ in range(2)])
    finally:
        server.stop()


def processes(database, args):
    print("| request | a second | p50 ms | p99 ms | CPU µs each |\n| --- | --- | --- | --- | --- |")
    for count in (1, 2, 4):
        servers = [database.serve(ROLES="api") for _ in range(count)]
        servers[0].log_in()
        for server in servers:
            server.settled()
        try:
            for name, script in scripts(database.tickets).items():
                measured(servers, script, 2)
                line(f"{name}, {count} processes", [measured(servers, script, args.seconds) for _ in range(2)])
        finally:
            for server in servers:
                server.stop()


def queue(postgres, args):
    """Jobs that end as soon as they have looked for their ticket, which is not there: what is measured is the queue."""
    database = Database(postgres, args.program, 0)
    api = database.serve(ROLES="api").log_in()
    print("| workers | jobs a second |\n| --- | --- |")
    try:
        for count in (1, 2, 4, 8):
            postgres.sql(database.name, f"""
                DELETE FROM jobs;
                INSERT INTO jobs (id, queue, kind, payload, state, attempt, max_attempts, deaths, run_at, created_at)
                SELECT gen_random_uuid(), 'default', 'ticket.triage.v1',
                       json_build_object('ticket_id', gen_random_uuid(), 'file_id', gen_random_uuid()), 'ready', 0, 5, 0, 0, 0
                FROM generate_series(1, {args.jobs});""")
            workers = [database.serve(ROLES="worker") for _ in range(count)]
            try:
                left = lambda: int(postgres.sql(database.name, "SELECT count(*) FROM jobs WHERE kind = 'ticket.triage.v1' AND state IN ('ready', 'running')"))
                while left() > 0:
                    time.sleep(0.1)
                took = postgres.sql(database.name, "SELECT (max(finished_at) - min(started_at)) / 1000.0 FROM jobs WHERE kind = 'ticket.triage.v1'")
                print(f"| {count} | {args.jobs / float(took):,.0f} |", flush=True)
            finally:
                for worker in workers:
                    worker.stop()
    finally:
        api.stop()
        database.drop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(harness.TOP / "target/release/ai-tickets"))
    parser.add_argument("--tickets", default="10000,100000,1000000")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--only", choices=("growth", "processes", "queue"))
    args = parser.parse_args()
    sizes = [int(n) for n in args.tickets.split(",")]
    postgres = harness.Postgres()
    try:
        if args.only in (None, "queue"):
            queue(postgres, args)
        for tickets in sizes if args.only != "queue" else ():
            database = Database(postgres, args.program, tickets)
            if args.only in (None, "growth"):
                growth(database, args)
            if args.only in (None, "processes") and tickets == sizes[0]:
                processes(database, args)
            database.drop()
    finally:
        postgres.stop()


main()
