#!/usr/bin/env python3
"""What an agent adds to a call of a provider: the whole call beside what the provider itself took, and beside the embedded engine alone.

    cargo build --release --bin ai-tickets
    bench/agents.py --models data/models [--program target/release/ai-tickets] [--calls 200]

A provider on this machine answers after a fixed time, whole and streamed. One client on one connection, SQLite. Prints, in milliseconds:
  added        median of (call with the model) - (what the provider took) - (the same call with the embedded engine alone)
  first word   median of (first word at the client) - (first word sent by the provider), of a streamed answer
  fallback     the first answer, and the median of the later ones, once the first provider has died
"""
import argparse
import http.client
import http.server
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
DELAY_S = .1
TEXT = "Our card was charged twice for invoice INV-20417 in October. Please refund one of the payments."
ADVICE = {"title": "Charged twice for INV-20417", "category": "billing", "priority": "medium", "team": None, "tags": [],
          "summary": "A card was charged twice for one invoice.", "suggested_reply": None, "reason": "It asks for a refund."}
WORDS = "Your payment is being looked at and will be refunded within five days.".split(" ")


class Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    took, first = [], []

    def do_POST(self):
        begun = time.perf_counter()
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(DELAY_S)
        if asked.get("stream"):
            self.stream(asked)
        else:
            self.whole(asked)
        Provider.took.append((time.perf_counter() - begun) * 1000)

    def whole(self, asked):
        text = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [{
            "index": 0, "finish_reason": "stop", "logprobs": None,
            "message": {"role": "assistant", "content": json.dumps(ADVICE), "refusal": None}}],
            "usage": {"prompt_tokens": 600, "completion_tokens": 80, "total_tokens": 680}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def stream(self, asked):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()

        def event(delta, finish=None, usage=None):
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
                     "choices": [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}
            if usage:
                chunk["usage"] = usage
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

        Provider.first.append(time.perf_counter())
        event({"role": "assistant", "content": WORDS[0]})
        for word in WORDS[1:]:
            time.sleep(.005)
            event({"content": f" {word}"})
        event({}, "stop")
        event({}, usage={"prompt_tokens": 600, "completion_tokens": 14, "total_tokens": 614})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


class Dying(Provider):
    # Its connections end with their answers, so that none outlives it.
    protocol_version = "HTTP/1.0"


def config(*ports):
    providers = "".join(f"  p{i}: {{kind: compatible, base_url: 'http://127.0.0.1:{port}/v1'}}\n" for i, port in enumerate(ports))
    fallback = ", ".join(f"p{i}/m" for i in range(1, len(ports)))
    agent = f"{{model_provider: p0, model_name: m, fallback: [{fallback}]}}"
    return f"ai_providers:\n{providers}agents:\n  categorization_agent: {agent}\n  customer_support_agent: {agent}\n"


class Desk:
    def __init__(self, args, folder):
        env = {"PATH": os.environ["PATH"], "PORT": "0", "MCP_PORT": "off", "DASHBOARD_PORT": "off", "LOG_LEVEL": "error",
               "MODELS_DIR": str(pathlib.Path(args.models).resolve()), "RATE_LIMIT_PER_MINUTE": "0"}
        program = pathlib.Path(args.program).resolve()
        self.process = subprocess.Popen([program, "serve"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("  Log in"):
                break
        self.host = re.search(r"http://([^/\s]+)", said).group(1)
        self.connection = http.client.HTTPConnection(self.host)
        self.token = ""
        password = pathlib.Path(folder, "data/admin-password").read_text().strip()
        self.token = self.call("/api/v1/auth/login", {"email": "admin@localhost", "password": password})["access_token"]
        self.headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        for _ in range(10):
            self.categorize()

    def call(self, path, body):
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        self.connection.request("POST", path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 201), text
        return json.loads(text)

    def categorize(self, after=0):
        # Caches and cores that rest while the provider answers are slower at what comes next; so they rest here too.
        time.sleep(after)
        begun = time.perf_counter()
        triage = self.call("/api/v1/ai/categorize", {"text": TEXT})
        return (time.perf_counter() - begun) * 1000, triage

    def first_word(self):
        connection = http.client.HTTPConnection(self.host)
        connection.request("POST", "/api/v1/assistant/messages", json.dumps({"message": "Where is my refund?"}),
                           {**self.headers, "accept": "text/event-stream"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        first = None
        for line in answer:
            if first is None and line.strip() == b"event: delta":
                first = time.perf_counter()
        connection.close()
        return first

    def close(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(TOP / "target/release/ai-tickets"))
    parser.add_argument("--models", required=True)
    parser.add_argument("--calls", type=int, default=200)
    args = parser.parse_args()
    server, dying = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in (Provider, Dying))
    for one in (server, dying):
        threading.Thread(target=one.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(args, folder)
        alone = statistics.median(desk.categorize(after=DELAY_S)[0] for _ in range(args.calls))
        desk.close()
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "ai_config.yaml").write_text(config(port))
        desk = Desk(args, folder)
        added = []
        for _ in range(args.calls):
            took, triage = desk.categorize()
            assert triage["provider"] == "p0" and not triage["degraded"], triage
            added.append(took - Provider.took[-1] - alone)
        words = []
        for _ in range(min(args.calls, 50)):
            Provider.first.clear()
            first = desk.first_word()
            words.append((first - Provider.first[-1]) * 1000)
        desk.close()
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "ai_config.yaml").write_text(config(dying.server_address[1], port))
        desk = Desk(args, folder)
        dying.shutdown()
        dying.server_close()
        fallback = []
        for _ in range(20):
            took, triage = desk.categorize()
            assert triage["provider"] == "p1" and triage["degraded"], triage
            fallback.append(took - Provider.took[-1])
        desk.close()
    added.sort()
    print(f"embedded engine alone   {alone:8.1f} ms")
    print(f"added to the provider   {statistics.median(added):8.1f} ms, 95 %: {added[int(len(added) * .95)]:.1f}")
    print(f"added to the first word {statistics.median(words):8.1f} ms")
    print(f"first provider is dead  {fallback[0]:8.1f} ms at first, {statistics.median(fallback[5:]):.1f} later")


if __name__ == "__main__":
    main()
