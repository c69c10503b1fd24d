#!/usr/bin/env python3
"""Measures what is read in pictures, beside Tesseract 5 on the same files.

    apt install tesseract-ocr tesseract-ocr-deu chromium
    cargo build --release -p atc-media --example ocr
    eval/ocr.py --program target/release/examples/ocr --models MODELS_DIR [--data ../shared/data] [CLASS …]

Classes: those of ocr/synthetic (light, dark, small, photo, jpeg35), real, and what headless Chromium
draws here: screen (1920 × 1080), night (the same in dark colours), tiny (10 px), slanted (3 degrees) and turned
(by its EXIF orientation, which Tesseract does not know).

Word accuracy is 1 - (wrong, missing and additional words) / words, the character error rate the same for
characters; both over all pictures of a class, in reading order, runs of white space counted once.
"""
import argparse, collections, json, pathlib, struct, subprocess, sys, tempfile, time, zlib

LINES = """Ticket 48213 was opened by Maria Gonzalez on 2024-10-03
The export button is greyed out since the update to version 128.0.3
Error code: ERR_CONNECTION_TIMED_OUT (0x80072EE2)
Could not reach server api.example.com:8443, retrying in 30 seconds
Invoice 2024-0917 was charged twice, amount: $1,249.50
Please refund order A-77B-19 to the card ending 4421
Your password will expire on Friday; open Settings, then Account
Connection refused (os error 111) while opening /var/log/app.log
Which browser and which version do you use on Windows 11?
Thanks, I am escalating this to the engineering team now""".splitlines()
STYLES = {"screen": ("#fff", "#222", 15, ""), "night": ("#16181d", "#d7dae0", 15, ""),
          "tiny": ("#fff", "#222", 10, ""), "slanted": ("#fff", "#222", 16, "transform: rotate(3deg);"),
          "turned": ("#fff", "#222", 16, "")}


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def with_orientation(png, orientation):
    """The PNG file with an eXIf chunk behind its header."""
    exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">HH", orientation, 0) + bytes(4)
    body = b"eXIf" + exif
    return png[:33] + struct.pack(">I", len(exif)) + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


def drawn(name, folder, chromium):
    """A page of lines, drawn by the browser: its file and its text."""
    ground, ink, size, more = STYLES[name]
    text = [f"{i}. {LINES[i % len(LINES)]}" for i in range(1, 26)]
    width, height = (1920, 1080)
    if name == "turned":
        width, height, more = 1080, 1920, "position: absolute; transform-origin: 0 0; transform: translate(0, 1920px) rotate(-90deg); width: 1900px;"
    page = (f"<body style='margin:0;background:{ground};overflow:hidden'><div style='padding:60px;color:{ink};"
            f"font:{size}px/1.9 sans-serif;{more}'>" + "".join(f"<div>{line}</div>" for line in text) + "</div>")
    source, target = folder / f"{name}.html", folder / f"{name}.png"
    source.write_text(page)
    subprocess.run([chromium, "--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={width},{height}",
                    f"--screenshot={target}", source.as_uri()], check=True, stderr=subprocess.DEVNULL)
    if name == "turned":
        target.write_bytes(with_orientation(target.read_bytes(), 6))
    return target, "\n".join(text)


def pictures(args, folder):
    found = collections.defaultdict(list)
    for path in sorted(pathlib.Path(args.data, "ocr").glob("*/*")):
        if path.suffix != ".txt":
            kind = "real" if path.parent.name == "real" else path.stem.rsplit("_", 1)[1]
            found[kind].append((path, path.with_suffix(".txt").read_text()))
    for name in STYLES:
        if not args.classes or name in args.classes:
            found[name].append(drawn(name, folder, args.chromium))
    return {kind: rows for kind, rows in found.items() if not args.classes or kind in args.classes}


def ours(args, paths):
    models = next(pathlib.Path(args.models, "pp-ocrv6-small").iterdir())
    out = subprocess.run([args.program, models, *paths], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in map(json.loads, out.splitlines()):
        yield line.get("extracted", {"text": ""})["text"], line["seconds"], line["peak_mb"]


def tesseract(path):
    started = time.time()
    out = subprocess.run(["tesseract", path, "-", "-l", "eng+deu"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return out.stdout, time.time() - started


def line_of(name, truths, texts, seconds):
    words = chars = wrong_words = wrong_chars = 0
    for truth, text in zip(truths, texts):
        truth, text = truth.split(), text.split()
        words, wrong_words = words + len(truth), wrong_words + distance(truth, text)
        truth, text = " ".join(truth), " ".join(text)
        chars, wrong_chars = chars + len(truth), wrong_chars + distance(truth, text)
    return f"{name} words {100 * (1 - wrong_words / words):5.1f} CER {100 * wrong_chars / chars:5.2f} {sum(seconds) / len(seconds):5.2f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top = pathlib.Path(__file__).parent.parent
    parser.add_argument("--program", default=str(top / "target/release/examples/ocr"))
    parser.add_argument("--data", default=str(top / "../shared/data"))
    parser.add_argument("--models", default=str(top / "data/models"))
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("classes", nargs="*")
    args = parser.parse_args()
    if not pathlib.Path(args.data).is_dir():
        sys.exit(f"{args.data} is not there: nothing can be measured")
    with tempfile.TemporaryDirectory() as folder:
        for kind, rows in pictures(args, pathlib.Path(folder)).items():
            paths, truths = zip(*rows)
            texts, seconds, peaks = zip(*ours(args, paths))
            baseline, baseline_seconds = zip(*map(tesseract, paths))
            print(f"{kind:8} ({len(rows)}) {line_of('ours', truths, texts, seconds)} peak {max(peaks):.0f} MB | "
                  f"{line_of('Tesseract', truths, baseline, baseline_seconds)}", flush=True)


main()
