#!/usr/bin/env python3
"""Counts the instructions that a request costs the server, at each number of tickets.

    apt install valgrind
    bench/instructions.py --program target/release/ai-tickets [--tickets 10000,100000,1000000] [--requests 400]

Time depends on what else the cores do, and on how much of the database their caches hold; instructions do not. Counted by
Callgrind in all threads of one process of the role `api`, over requests one after another on one connection.
"""
import argparse, pathlib, random, re, subprocess, tempfile

import harness


class Counted:
    """The program under Callgrind, and a connection to it."""

    def __init__(self, program, url, folder):
        self.counts = tempfile.TemporaryDirectory()
        under = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.counts.name}/out",
                 f"--log-file={self.counts.name}/log"]
        self.server = harness.Server(program, url, folder, under=under, ROLES="api").log_in().settled()
        self.connection = self.server.connect()

    def ask(self, *call):
        self.server.exchange(self.connection, *call)

    def control(self, *what):
        subprocess.run(["callgrind_control", *what, str(self.server.process.pid)], check=True, capture_output=True)

    def cost(self, requests, call):
        """Instructions a call."""
        # The first ones prepare statements and open connections.
        for n in range(20):
            call(n)
        self.control("-i", "on")
        self.control("-z")
        for n in range(requests):
            call(n)
        self.control("-d")
        self.control("-i", "off")
        dump = max(pathlib.Path(self.counts.name).glob("out.*"), key=lambda file: int(file.suffix[1:]))
        return int(re.search(r"^(?:summary|totals): (\d+)", dump.read_text(), re.M).group(1)) / requests

    def stop(self):
        self.connection.close()
        self.server.stop()
        self.counts.cleanup()


def calls(counted, tickets):
    draw = random.Random(harness.SEED)
    return {
        "get": lambda _: counted.ask("GET", f"/tickets/{draw.randrange(tickets) + 1}"),
        "list 20": lambda _: counted.ask("GET", "/tickets?limit=20"),
        "list 20, open and most urgent": lambda _: counted.ask("GET", "/tickets?limit=20&status=open&sort=-priority"),
        "create": lambda _: counted.ask("POST", "/tickets", harness.NEW_TICKET),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(harness.TOP / "target/release/ai-tickets"))
    parser.add_argument("--tickets", default="10000,100000,1000000")
    parser.add_argument("--requests", type=int, default=400)
    args = parser.parse_args()
    postgres = harness.Postgres()
    print("| request | tickets | thousand instructions |\n| --- | --- | --- |")
    try:
        for tickets in (int(n) for n in args.tickets.split(",")):
            name = f"instructions{tickets}"
            url = postgres.create(name)
            with tempfile.TemporaryDirectory() as folder:
                harness.Server(args.program, url, folder).stop()
                harness.fill(postgres, name, tickets)
                counted = Counted(args.program, url, folder)
                try:
                    for request, call in calls(counted, tickets).items():
                        print(f"| {request} | {tickets:,} | {counted.cost(args.requests, call) / 1e3:,.0f} |", flush=True)
                finally:
                    counted.stop()
            postgres.drop(name)
    finally:
        postgres.stop()


main()
