#!/usr/bin/env python3
"""What MCP adds to a call: a tool beside the REST call behind it, in the same run and by the same client.

    cargo build --release --bin ai-tickets
    bench/mcp.py [--program target/release/ai-tickets] [--seconds 4]

One client on one connection, SQLite, no models. Prints the median, the 99th percentile and the rate of each, and the ratio.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[1]


def call(connection, method, path, body, token):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json",
               "accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    return json.loads(text)


def measured(seconds, once):
    times = []
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        once()
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return statistics.median(times), times[int(len(times) * .99)], len(times) / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(TOP / "target/release/ai-tickets"))
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()
    env = {"PATH": os.environ["PATH"], "PORT": "0", "MCP_PORT": "0", "DASHBOARD_PORT": "off", "MODELS_DIR": "no-models",
           "RATE_LIMIT_PER_MINUTE": "0", "LOG_LEVEL": "error"}
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(args.program).resolve()
        server = subprocess.Popen([program, "serve"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
        try:
            said = ""
            for line in server.stdout:
                said += line
                if line.startswith("  Log in"):
                    break
            rest, mcp = (http.client.HTTPConnection(host) for host in re.findall(r"http://([^/\s]+)(?:\s|/mcp)", said)[:2])
            password = pathlib.Path(folder, "data/admin-password").read_text().strip()
            login = {"email": "admin@localhost", "password": password}
            token = call(rest, "POST", "/api/v1/auth/login", login, "")["access_token"]
            for n in range(100):
                ticket = {"title": f"Ticket {n}", "description": "It broke this morning.", "category": "bug", "priority": "low"}
                call(rest, "POST", "/api/v1/tickets", ticket, token)

            def tool(name, arguments):
                params = {"name": name, "arguments": arguments}
                body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
                assert call(mcp, "POST", "/mcp", body, token)["result"]["isError"] is False

            for what, behind, above in [
                ("get_ticket", "/api/v1/tickets/7", lambda: tool("get_ticket", {"ticket_id": "7"})),
                ("list_tickets", "/api/v1/tickets?limit=20", lambda: tool("list_tickets", {"limit": 20})),
            ]:
                below = measured(args.seconds, lambda: call(rest, "GET", behind, None, token))
                tools = measured(args.seconds, above)
                for name, (p50, p99, rate) in (("REST", below), ("MCP", tools)):
                    print(f"{what:14}{name:6}p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   {rate:6.0f} a second")
                print(f"{'':14}MCP adds {tools[0] - below[0]:.2f} ms, {tools[0] / below[0]:.2f} times REST")
        finally:
            server.terminate()
            server.wait()


main()
