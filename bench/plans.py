#!/usr/bin/env python3
"""Shows how PostgreSQL answers what the server asks at a million tickets: no list reads the whole table.

    bench/plans.py --program target/release/ai-tickets [--tickets 1000000] [--only WORD] [--plans]

Starts a private PostgreSQL, fills it, makes each request once, takes the statements that the server sent for it from the
log of PostgreSQL, and runs each of them under EXPLAIN (ANALYZE, BUFFERS). Prints a table in Markdown, and with --plans the
plans themselves. Ends with 1 where a statement with a selective filter reads all tickets. A million take about 5 minutes.
"""
import argparse, json, re, subprocess, sys, tempfile, time

import harness

# What must look at every ticket that matches, and may read the table when that is all of them; the
# words that are counted stand in four of five.
WHOLE = {"stats, all", "list, count all", "search, count", "export, all"}


def requests(server, people):
    """Every request by its name."""
    get = lambda path, token=None: lambda: server.call("GET", path, token=token)
    yield "get by number", get("/tickets/{half}")
    yield "get by id", get("/tickets/{id}")
    lists = {
        "list": "", "list, oldest first": "sort=created_at", "list, latest change": "sort=-updated_at",
        "list, most urgent": "sort=-priority", "list, by number": "sort=-number",
        "list, open": "status=open", "list, closed": "status=closed", "list, not done": "status=new&status=open&status=in_progress&status=pending",
        "list, critical": "priority=critical", "list, two priorities": "priority=critical&priority=high",
        "list, category": "category=bug", "list, requester": "requester_id={requester}", "list, mine": "assignee_id={agent}",
        "list, nobody's": "assignee_id=none", "list, team": "team_id={team}", "list, tag": "tag=tag-17",
        "list, rare source": "source=mcp", "list, common source": "source=api", "list, no such source": "source=extension",
        "list, to review": "needs_review=true", "list, of a day": "created_after={day}&created_before={next_day}",
        "list, changed lately": "updated_after={yesterday}",
        "list, changed lately, latest first": "updated_after={yesterday}&sort=-updated_at",
        "list, mine and open": "assignee_id={agent}&status=open", "list, mine, most urgent": "assignee_id={agent}&sort=-priority",
        "list, mine, latest change": "assignee_id={agent}&sort=-updated_at",
        "list, open, most urgent": "status=open&sort=-priority", "list, open, latest change": "status=open&sort=-updated_at",
        "list, open in a category": "status=open&category=bug", "list, open of a team": "status=open&team_id={team}",
        "list, open of a team, most urgent": "status=open&team_id={team}&sort=-priority",
        "list, requester, latest change": "requester_id={requester}&sort=-updated_at",
        "list, critical and open": "priority=critical&status=open", "list, tag and open": "tag=tag-17&status=open",
        "list, critical of a category, latest change": "priority=critical&category=bug&sort=-updated_at",
        "list, nobody's and open": "assignee_id=none&status=open",
        "list, count open": "status=open&include_total=true", "list, count all": "include_total=true",
        "search, one common word": "q=printer", "search, two words": "q=printer%20invoice", "search, a rare word": "q=gramophone",
        "search, a rare word, newest first": "q=gramophone&sort=-created_at", "search, a rare word and open": "q=gramophone&status=open",
        "search, a rare word, count": "q=gramophone&include_total=true",
        "search, no such word": "q=nonsenseword", "search, common word and open": "q=printer&status=open",
        "search, newest first": "q=printer%20invoice&sort=-created_at", "search, count": "q=printer%20invoice&include_total=true",
    }
    for name, query in lists.items():
        yield name, get(f"/tickets?limit=20&{query}".rstrip("&"))
    yield "list, of a user", get("/tickets?limit=20", people["user"])
    yield "list, of a user, latest change", get("/tickets?limit=20&sort=-updated_at", people["user"])
    yield "list, of a user, open", get("/tickets?limit=20&status=open", people["user"])
    yield "search, of a user", get("/tickets?limit=20&q=printer", people["user"])
    yield "list, page 500", get("/tickets?limit=20&cursor={cursor}")
    yield "similar", get("/tickets/{half}/similar")
    yield "audit trail", get("/tickets/{half}/events")
    yield "comments", get("/tickets/{half}/comments")
    yield "stats, open", get("/tickets/stats?status=open")
    yield "stats, of a month", get("/tickets/stats?created_after={month}")
    yield "stats, of a team, open", get("/tickets/stats?team_id={team}&status=open")
    yield "stats, all", get("/tickets/stats")
    yield "files", get("/files")
    yield "users", get("/users")
    yield "jobs", get("/jobs/overview")
    yield "events", get("/events")
    yield "notifications", get("/notifications")


def node(plan):
    """The nodes that read tables, from the outermost on."""
    own = [plan] if any(key in plan for key in ("Relation Name", "Index Name")) else []
    return own + [n for child in plan.get("Plans", []) for n in node(child)]


def label(n):
    return f"{n['Node Type']} {n.get('Index Name') or n.get('Relation Name')}"


class Explained:
    def __init__(self, postgres, name, sql):
        # The first run warms the caches of the session; prepared statements of the server have them warm.
        text = postgres.sql(name, f"BEGIN; {f'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql};' * 2} ROLLBACK;").lstrip()
        text = text[json.JSONDecoder().raw_decode(text)[1]:]
        self.json = json.loads(text)[0]
        self.sql, self.ms, plan = sql, self.json["Execution Time"], self.json["Plan"]
        self.nodes = node(plan)
        self.buffers = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)

    def table_scans(self):
        """Whole tables that grow with the tickets and are read."""
        grows = ("tickets", "ticket_search", "ticket_terms", "ticket_vectors", "ticket_events", "comments", "ticket_tags")
        return [n for n in self.nodes if n["Node Type"] in ("Seq Scan", "Parallel Seq Scan") and n.get("Relation Name") in grows]

    def main(self):
        """What reads the tickets, or else the table with most rows."""
        of_tickets = [n for n in self.nodes if "ticket" in (n.get("Index Name") or n.get("Relation Name"))]
        return ", ".join(dict.fromkeys(label(n) for n in of_tickets or self.nodes[:1]))


def values(postgres, name, server, tickets):
    one = lambda sql: postgres.sql(name, sql).strip()
    page = server.call("GET", "/tickets?limit=20")
    for _ in range(min(499, tickets // 20 - 2)):
        page = server.call("GET", "/tickets?limit=20&cursor=" + page["next_cursor"])
    server.call("POST", "/tickets", {"title": "A rare word", "description": "The gramophone does not start.", "category": "bug", "priority": "low"})
    return {
        "{half}": str(tickets // 2), "{id}": one(f"SELECT id FROM tickets WHERE number = {tickets // 3}"),
        "{requester}": one("SELECT id FROM users WHERE email = 'p900@example.com'"),
        "{agent}": one("SELECT id FROM users WHERE email = 'p7@example.com'"), "{team}": one("SELECT id FROM teams WHERE name = 'Team 3'"),
        "{day}": one("SELECT to_char(now() - interval '400 days', 'YYYY-MM-DD\"T\"00:00:00\"Z\"')"),
        "{next_day}": one("SELECT to_char(now() - interval '399 days', 'YYYY-MM-DD\"T\"00:00:00\"Z\"')"),
        "{yesterday}": one("SELECT to_char(now() - interval '1 day', 'YYYY-MM-DD\"T\"00:00:00\"Z\"')"),
        "{month}": one("SELECT to_char(now() - interval '30 days', 'YYYY-MM-DD\"T\"00:00:00\"Z\"')"), "{cursor}": page["next_cursor"],
    }


class Filled:
    """The calls of a server with what the names in braces stand for."""

    def __init__(self, server, known):
        self.server, self.known = server, known

    def call(self, method, path, body=None, token=None):
        for key, value in self.known.items():
            path = path.replace(key, value)
        return self.server.call(method, path, body, token)


def user_token(server, postgres, name):
    """Somebody who may see their own tickets alone, and has some."""
    body = {"email": "own@example.com", "password": "a password of a user", "full_name": "Own", "role": "user"}
    user = server.call("POST", "/users", body)
    postgres.sql(name, f"UPDATE tickets SET requester_id = '{user['id']}' WHERE number % 3001 = 0")
    return server.call("POST", "/auth/login", {"email": body["email"], "password": body["password"]})["access_token"]


def measured(postgres, name, server, args):
    known = values(postgres, name, server, args.tickets)
    people = {"user": user_token(server, postgres, name)}
    filled = Filled(server, known)
    for what, request in requests(filled, people):
        if args.only and args.only not in what:
            continue
        request()
        seen = [s for s in harness.statements(postgres, request) if s.startswith(("SELECT", "WITH"))]
        # Who asks is looked up each time, and the process looks for new articles now and then: neither is of the subject.
        yield what, [s for s in seen if not any(of in s for of in ("FROM sessions", "_terms)", "FROM article_passages"))]
    if not args.only:
        yield "export, all", exported(postgres, server)


def exported(postgres, server):
    def run():
        reader = subprocess.Popen([server.program, "export", "tickets"], env=server.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            reader.stdout.readline()
        reader.kill()
        reader.wait()
    return [s for s in harness.statements(postgres, run) if '"t"."external_id"' in s][-1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(harness.TOP / "target/release/ai-tickets"))
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--only")
    parser.add_argument("--plans", action="store_true")
    args = parser.parse_args()
    postgres, bad = harness.Postgres(), []
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = postgres.create("plans")
            harness.Server(args.program, url, folder).stop()
            started = time.time()
            harness.fill(postgres, "plans", args.tickets)
            print(f"{args.tickets:,} tickets in {time.time() - started:.0f} s\n", flush=True)
            postgres.sql("postgres", "ALTER DATABASE plans SET log_statement = 'all'")
            server = harness.Server(args.program, url, folder, ROLES="api", BACKGROUND_POLL_MS="60000").log_in().settled()
            try:
                bad = report(postgres, server, args)
            finally:
                server.stop()
    finally:
        postgres.stop()
    for line in bad:
        print(line, file=sys.stderr)
    sys.exit(1 if bad else 0)


def report(postgres, server, args):
    bad, plans = [], []
    print("| request | statements | how the tickets are found | pages | ms |\n| --- | --- | --- | --- | --- |")
    for what, found in measured(postgres, "plans", server, args):
        explained = [Explained(postgres, "plans", sql) for sql in found]
        if not explained:
            print(f"| {what} | 0 | | | |")
            continue
        slowest = max(explained, key=lambda e: e.ms)
        print(f"| {what} | {len(explained)} | {slowest.main()} | {sum(e.buffers for e in explained):,} "
              f"| {sum(e.ms for e in explained):.1f} |", flush=True)
        for e in explained:
            if args.tickets >= 100_000 and what not in WHOLE and e.table_scans():
                bad.append(f"{what}: reads all of {', '.join(n['Relation Name'] for n in e.table_scans())}: {e.sql[:2000]}")
            plans.append(f"\n### {what}\n{re.sub(chr(10), ' ', e.sql)}\n{json.dumps(e.json['Plan'], indent=1)}")
    if args.plans:
        print("\n".join(plans))
    return bad


main()
