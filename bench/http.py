#!/usr/bin/env python3
"""Measures the HTTP server under load: wrk at 32 connections, on a database of TICKETS tickets.

    apt install wrk
    bench/http.py --program target/release/ai-tickets [--tickets 100000] [--seconds 10] [--database postgresql://…]

Prints requests a second, p50 and p99, processor time a request, and the resident memory of the server.
The tickets are imported without any model, so that what is measured is the server and its database.
With --database, pgbench runs the statement of the same read beside it, for a ratio: get by number.
"""
import argparse, json, os, pathlib, re, subprocess, tempfile, time, urllib.request

TICK = os.sysconf("SC_CLK_TCK")


def call(base, method, path, body=None, token=None):
    request = urllib.request.Request(base + "/api/v1" + path, method=method,
                                     data=None if body is None else json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", "Bearer " + token)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


def wrk(base, pid, name, script, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        before = cpu_seconds(pid)
        out = subprocess.run(["wrk", "-t2", "-c32", f"-d{seconds}s", "--latency", "-s", file.name, base],
                             capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(pid) - before
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    count = int(re.search(r"(\d+) requests in", out).group(1))
    p50, p99 = (re.search(rf"{p}%\s+(\S+)", out).group(1) for p in ("50", "99"))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    print(f"{name:22} {rate:8.0f}/s  p50 {p50:>8}  p99 {p99:>8}  {used / count * 1e6:6.0f} µs CPU"
          f"  {resident_mb(pid):5.0f} MB{'  FAILED ' + bad.group(1) if bad else ''}", flush=True)
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(pathlib.Path(__file__).parent.parent / "target/release/ai-tickets"))
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--database")
    parser.add_argument("--pgbench", default="pgbench")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "DATA_DIR": folder, "PORT": "0", "MODELS_DIR": folder + "/none", "LOG_LEVEL": "warn",
               "RATE_LIMIT_PER_MINUTE": "0", "ACCESS_TOKEN_TTL_S": "86400"}
        if args.database:
            env["DATABASE_URL"] = args.database
        rows = pathlib.Path(folder, "tickets.jsonl")
        with open(rows, "w") as out:
            for i in range(args.tickets):
                out.write(json.dumps({"title": f"Ticket {i} about printer {i % 97}", "category": "technical", "priority": "medium",
                                      "description": f"Device {i % 1013} on floor {i % 7} shows code E-{i % 501}. " * 4}) + "\n")
        subprocess.run([args.program, "migrate", "up"], env=env, check=True, stdout=subprocess.DEVNULL)
        started = time.time()
        process = subprocess.Popen([args.program, "serve"], env=env, stdout=subprocess.PIPE, text=True)
        base = next(m.group(1) for line in process.stdout if (m := re.search(r"Listening on (\S+)", line)))
        print(f"ready after {time.time() - started:.2f} s")
        try:
            password = pathlib.Path(folder, "admin-password").read_text().strip()
            started = time.time()
            subprocess.run([args.program, "import", "tickets", str(rows)], env=env, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print(f"imported {args.tickets} in {time.time() - started:.0f} s")
            token = call(base, "POST", "/auth/login", {"email": "admin@localhost", "password": password})["access_token"]
            headers = f'wrk.headers["authorization"] = "Bearer {token}"\nwrk.headers["content-type"] = "application/json"\n'
            get = headers + f'request = function() return wrk.format("GET", "/api/v1/tickets/" .. math.random({args.tickets})) end'
            rate = wrk(base, process.pid, "get", get, args.seconds)
            wrk(base, process.pid, "list 20", headers + 'request = function() return wrk.format("GET", "/api/v1/tickets?limit=20") end', args.seconds)
            wrk(base, process.pid, "list 20 own", headers + 'request = function() return wrk.format("GET", "/api/v1/tickets?assignee_id=me") end', args.seconds)
            page = call(base, "GET", "/tickets?limit=100&sort=number", token=token)
            wrk(base, process.pid, "page after 100", headers + f'request = function() return wrk.format("GET", "/api/v1/tickets?sort=number&limit=100&cursor={page["next_cursor"]}") end', 3)
            body = json.dumps({"title": "A new ticket", "description": "It was made under load.", "category": "bug", "priority": "low"})
            wrk(base, process.pid, "create", headers + f"wrk.method = 'POST'\nwrk.body = '{body}'\nrequest = function() return wrk.format(nil, '/api/v1/tickets') end", args.seconds)
            if args.database:
                with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
                    file.write(f"\\set n random(1, {args.tickets})\nSELECT t.*, u.email, u.full_name FROM tickets t "
                               "JOIN users u ON u.id = t.requester_id WHERE t.number = :n;\n")
                    file.flush()
                    out = subprocess.run([args.pgbench, "-n", "-M", "prepared", "-c", "32", "-j", "2", "-T", str(args.seconds), "-f", file.name,
                                          args.database], capture_output=True, text=True, check=True).stdout
                tps = float(re.search(r"tps = ([\d.]+)", out).group(1))
                print(f"pgbench get            {tps:8.0f}/s; the server's get is {rate / tps:.2f} of it")
        finally:
            process.terminate()
            process.wait()


main()
