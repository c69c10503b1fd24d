#!/usr/bin/env python3
"""Files: how long they take from the upload to what was read, and how much memory the server and its reader need.

    apt install ffmpeg chromium
    bench/files.py --program target/release/ai-tickets --models data/models [--data ../shared/data]

Starts the server on a database of its own and uploads, one after the other and each three times: a PDF of one page, two
screenshots of 1920 × 1080 that headless Chromium draws here, one with nine lines and one that is full of text, and a
memo of a minute put together of English clips.
Then a file of 400 MB, of which the memory while it comes in is told, and small files by the hundred, which are jobs.
"""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

from sockets import PASSWORD, call

TOP = pathlib.Path(__file__).parent.parent
CLIPS = "LJ001-0001 LJ001-0003 jfk sb_spk1_snt1 LJ001-0004 sb_spk1_snt3 LJ001-0001".split()
PAGE = "<body style='margin:40px;font:16px/1.7 sans-serif'>{}"
SENTENCE = "<div>{0}. Could not reach server api-{0}.example.com:8443, retrying in {0} seconds (os error 111)</div>"
# How many lines the screenshots have.
SCREENSHOTS = {"screenshot": 9, "dense": 36}
LARGE = 400_000_000


class Peak:
    """The most memory that the server and its reader had, by samples."""

    def __init__(self, pid):
        self.pid, self.server, self.reader, self.on = pid, 0.0, 0.0, True
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while self.on:
            self.server = max(self.server, self.resident(self.pid))
            try:
                children = pathlib.Path(f"/proc/{self.pid}/task").glob("*/children")
                for child in {pid for tasks in children for pid in tasks.read_text().split()}:
                    self.reader = max(self.reader, self.resident(child))
            except OSError:
                pass
            time.sleep(0.01)

    @staticmethod
    def resident(pid):
        try:
            for line in open(f"/proc/{pid}/status"):
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        except OSError:
            pass
        return 0.0

    def stop(self):
        self.on = False
        self.thread.join()
        return {"server_mb": round(self.server), "reader_mb": round(self.reader)}


def upload(port, token, name, size, chunks):
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    tail = b"\r\n--b--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.putrequest("POST", "/api/v1/files/upload")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(len(head) + size + len(tail)))
    connection.endheaders()
    connection.send(head)
    for chunk in chunks:
        connection.send(chunk)
    connection.send(tail)
    answer = connection.getresponse()
    body = json.load(answer)
    assert answer.status == 201, body
    return body["id"]


def settled(port, token, file):
    while True:
        found = call(port, "GET", f"/files/{file}", token)
        if found["status"] in ("processed", "failed"):
            return found
        time.sleep(0.005)


def three_times(port, pid, token, path):
    content, seconds, peak = path.read_bytes(), [], Peak(pid)
    for _ in range(3):
        began = time.monotonic()
        found = settled(port, token, upload(port, token, path.name, len(content), [content]))
        seconds.append(time.monotonic() - began)
        assert found["status"] == "processed", found
    text = found["extracted"]["text"]
    print(json.dumps({"file": path.name, "bytes": len(content), "seconds": [round(s, 2) for s in seconds],
                      "median_s": round(statistics.median(seconds), 2), **peak.stop(), "words": len(text.split())}))


def large(port, pid, token):
    chunk = bytes(1_000_000)
    before = Peak.resident(pid)
    peak, began = Peak(pid), time.monotonic()
    upload(port, token, "zeros.bin", LARGE, (chunk for _ in range(LARGE // len(chunk))))
    seconds = time.monotonic() - began
    most = peak.stop()["server_mb"]
    print(json.dumps({"file": "400 MB", "seconds": round(seconds, 2), "mb_a_second": round(LARGE / 1e6 / seconds),
                      "before_mb": round(before), "growth_mb": round(most - before)}))


def many(port, token, count):
    began = time.monotonic()
    files = [upload(port, token, f"{n}.txt", 5, [b"hello"]) for n in range(count)]
    uploaded = time.monotonic() - began
    for file in files:
        assert settled(port, token, file)["status"] == "processed"
    print(json.dumps({"small files": count, "uploads_a_second": round(count / uploaded),
                      "jobs_a_second": round(count / (time.monotonic() - began), 1)}))


def samples(folder, data, chromium):
    for name, lines in SCREENSHOTS.items():
        page = folder / "page.html"
        page.write_text(PAGE.format("".join(SENTENCE.format(n) for n in range(1, lines + 1))))
        subprocess.run([chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1920,1080",
                        f"--screenshot={folder / name}.png", page.as_uri()], check=True, stderr=subprocess.DEVNULL)
    clips = [next((data / "audio").rglob(f"{clip}.*")) for clip in CLIPS]
    inputs = [argument for clip in clips for argument in ("-i", str(clip))]
    mix = "".join(f"[{n}:a]aresample=16000,aformat=channel_layouts=mono[a{n}];" for n in range(len(clips)))
    mix += "".join(f"[a{n}]" for n in range(len(clips))) + f"concat=n={len(clips)}:v=0:a=1[all]"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", mix, "-map", "[all]",
                    "-t", "60", folder / "memo.mp3"], check=True)
    screenshots = [folder / f"{name}.png" for name in SCREENSHOTS]
    return [TOP / "crates/media/tests/fixtures/report.pdf", *screenshots, folder / "memo.mp3"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--data", type=pathlib.Path, default=TOP / "../shared/data")
    parser.add_argument("--chromium", default="chromium")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        files = samples(folder, args.data, args.chromium)
        environment = {
            "PATH": os.environ["PATH"], "DATA_DIR": str(folder / "data"), "PORT": "0", "DASHBOARD_PORT": "0",
            "LOG_LEVEL": "error", "MODELS_DIR": str(pathlib.Path(args.models).resolve()),
            "ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": PASSWORD, "RATE_LIMIT_PER_MINUTE": "0",
            "RATE_LIMIT_UPLOADS_PER_MINUTE": "0", "MAX_UPLOAD_BYTES": str(LARGE + 1_000),
        }
        server = subprocess.Popen([str(pathlib.Path(args.program).resolve()), "serve"], env=environment,
                                  stdout=subprocess.PIPE, text=True, cwd=folder)
        try:
            listening = next(line for line in server.stdout if "Listening on" in line)
            port = int(listening.split("://")[1].split()[0].split("/")[0].rsplit(":", 1)[1])
            login = call(port, "POST", "/auth/login", body={"email": "admin@example.com", "password": PASSWORD})
            token = login["access_token"]
            for path in files:
                three_times(port, server.pid, token, path)
            large(port, server.pid, token)
            many(port, token, 300)
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
