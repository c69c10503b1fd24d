#!/usr/bin/env python3
"""Measures how well and how fast recordings are read: the word error rate of ../shared/data/audio and of sounds made
here, by class, and what is heard where nobody speaks.

    cargo build --release -p atc-media --example recording
    eval/speech.py --reader target/release/examples/recording --model data/models/whisper-base/* \\
        [--model ANOTHER …] [--data ../shared/data]

ffmpeg and espeak-ng are needed. The word error rate is that of Levenshtein over words in small letters without
punctuation, numbers up to twelve in words: substitutions, omissions and insertions a word of the reference.
"""
import argparse, itertools, json, pathlib, re, subprocess, sys, tempfile

NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()

SENTENCES = {
    "en": ["The printer on the third floor is offline since this morning. Please send somebody to fix it before noon.",
           "I cannot log in to the customer portal. It says that my password has expired, but the reset link does not work.",
           "After the last update the application crashes whenever I open a large spreadsheet."],
    "de": ["Seit dem letzten Update kann ich mich nicht mehr anmelden. Bitte helfen Sie mir."],
    "fr": ["Depuis ce matin, je ne peux plus ouvrir mes messages. Pouvez-vous m'aider ?"],
}
# A memo of a minute, put together of these clips.
MEMO = "LJ001-0001.flac LJ001-0003.flac jfk.wav sb_spk1_snt1.wav LJ001-0004.flac sb_spk1_snt3.wav LJ001-0001.flac".split()

SILENCES = {
    "digital silence": "anullsrc=r=16000:cl=mono:d=30",
    "white noise": "anoisesrc=c=white:a=0.2:d=30:seed=1",
    "brown noise, faint": "anoisesrc=c=brown:a=0.02:d=30:seed=2",
    "tone": "sine=f=440:d=30",
    "beeps": "sine=f=600:b=4:d=30",
    "chord with tremolo": "sine=f=262:d=30,tremolo=f=2:d=0.9[a];sine=f=330:d=30,tremolo=f=4:d=0.8[b];"
                          "sine=f=392:d=30,vibrato=f=5[c];[a][b][c]amix=3",
}


def words(text):
    text = re.sub(r"[’']", "", text.lower())
    return [NUMBERS[int(w)] if w.isdigit() and int(w) < len(NUMBERS) else w for w in re.findall(r"\w+", text)]


def errors(reference, heard):
    row = list(range(len(heard) + 1))
    for i, r in enumerate(reference, 1):
        last, row[0] = row[0], i
        for j, h in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (r != h))
    return row[-1]


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def read(reader, path, model):
    done = subprocess.run([reader, path, model], capture_output=True, text=True, check=True)
    seconds, peak = re.search(r"seconds ([\d.]+).*peak (\d+) MB", done.stderr).groups()
    return json.loads(done.stdout), float(seconds), int(peak)


def recordings(data, work):
    """(class, file, reference) of everything that is read; None where nothing is said."""
    rows = [json.loads(line) for line in (data / "audio/manifest_dev.jsonl").read_text().splitlines()]
    natural = [(data / "audio" / row["file"], row["ref"]) for row in rows if row["ref"]]
    for path, reference in natural:
        yield "natural English", path, reference
    for path, reference in natural:
        noisy = work / f"noisy-{path.stem}.wav"
        mix = ("[1:a]volume=0.05[n];[0:a]aresample=16000,dynaudnorm[s];[s][n]amix=inputs=2:duration=first:normalize=0")
        ffmpeg("-i", path, "-f", "lavfi", "-i", "anoisesrc=c=pink:r=16000:seed=3:d=60", "-filter_complex", mix, noisy)
        yield "natural English in pink noise", noisy, reference
    for path, reference in natural:
        phone = work / f"phone-{path.stem}.mp3"
        ffmpeg("-i", path, "-ar", "8000", "-ac", "1", "-b:a", "16k", phone)
        yield "natural English, MP3 of 16 kbit/s at 8 kHz", phone, reference
    for language, sentences in SENTENCES.items():
        for n, sentence in enumerate(sentences):
            path = work / f"{language}-{n}.wav"
            voice = {"en": "en-us"}.get(language, language)
            subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", path, sentence], check=True)
            yield f"synthetic ({language})", path, sentence
    by_name = {path.name: reference for path, reference in natural}
    memo, inputs = work / "memo.wav", [data / "audio" / name for name in MEMO]
    join = "".join(f"[{i}:a]aresample=16000,apad=pad_dur=0.8[p{i}];" for i in range(len(inputs)))
    join += "".join(f"[p{i}]" for i in range(len(inputs))) + f"concat=n={len(inputs)}:v=0:a=1"
    ffmpeg(*[a for path in inputs for a in ("-i", path)], "-filter_complex", join, memo)
    yield "a memo of a minute", memo, " ".join(by_name[name] for name in MEMO)
    for name, source in SILENCES.items():
        path = work / f"{name.replace(' ', '-')}.wav"
        ffmpeg("-f", "lavfi", "-i", source, path)
        yield f"nobody speaks: {name}", path, None


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reader", required=True)
    options.add_argument("--model", required=True, action="append")
    options.add_argument("--data", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / "shared/data")
    options.add_argument("--verbose", action="store_true", help="show each file with errors")
    options = options.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data} is missing: it holds the labelled recordings")
    with tempfile.TemporaryDirectory() as work:
        everything = list(recordings(options.data, pathlib.Path(work)))
        for model in options.model:
            print(f"\n{model}\n\n| class | files | words | word error rate | real-time factor | peak MB |")
            print("| --- | --- | --- | --- | --- | --- |")
            for kind, files in itertools.groupby(everything, key=lambda row: row[0]):
                count = total = wrong = peak = 0
                seconds = length = 0.0
                for _, path, reference in files:
                    heard, took, most = read(options.reader, path, model)
                    wanted, got = words(reference or ""), words(heard["text"])
                    missed = errors(wanted, got)
                    if options.verbose and missed:
                        print(f"  {path.name}: {missed} of {len(wanted)}: {heard['text']}", file=sys.stderr)
                    count, total, wrong, peak = count + 1, total + len(wanted), wrong + missed, max(peak, most)
                    seconds, length = seconds + took, length + heard["metadata"]["duration_s"]
                rate = f"{wrong / total:.3f}" if total else f"{wrong} words made up"
                print(f"| {kind} | {count} | {total} | {rate} | {seconds / length:.2f} ({seconds:.1f} s) | {peak} |",
                      flush=True)


if __name__ == "__main__":
    main()
