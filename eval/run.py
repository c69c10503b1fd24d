#!/usr/bin/env python3
"""Measures the quality of triage and search through the public API, on ../shared/data.

    pip install numpy scikit-learn onnxruntime tokenizers
    eval/run.py --program target/release/ai-tickets [--data ../shared/data] [--models MODELS_DIR] \\
        endava8:0 endava8:8 endava8:all search:ret_stackfaq …

Each task gets a server of its own with an empty database. For SET:LABELS it makes the set's categories,
imports that many labelled tickets a class, waits until the engine has learnt them, and reads what
was held out by POST /ai/categorize/batch. search:SET imports the corpus and asks for what is similar.
Baselines on the same split: the commonest class, TF-IDF with a linear support vector machine, and the
cosine of the text to the descriptions of the categories alone, by the same model.
"""
import argparse, collections, json, os, pathlib, random, re, subprocess, sys, tempfile, time
import urllib.error, urllib.parse, urllib.request

import numpy as np


class Server:
    def __init__(self, program, models):
        self.dir = tempfile.TemporaryDirectory()
        self.program = program
        self.env = {**os.environ, "DATA_DIR": self.dir.name, "PORT": "0", "DASHBOARD_PORT": "off", "MODELS_DIR": models, "LOG_LEVEL": "warn",
                    "RATE_LIMIT_PER_MINUTE": "0", "SQLITE_SYNCHRONOUS": "normal", "ACCESS_TOKEN_TTL_S": "86400"}
        self.process = subprocess.Popen([program, "serve"], env=self.env, stdout=subprocess.PIPE, text=True)
        self.base = next(m.group(1) for line in self.process.stdout if (m := re.search(r"Listening on (\S+)", line)))
        password = pathlib.Path(self.dir.name, "admin-password").read_text().strip()
        self.token = None
        self.token = self.call("POST", "/auth/login", {"email": "admin@localhost", "password": password})["access_token"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.base + "/api/v1" + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        if self.token:
            request.add_header("authorization", "Bearer " + self.token)
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.loads(answer.read() or "null")

    def bring_in(self, kind, rows):
        path = pathlib.Path(self.dir.name, kind + ".jsonl")
        path.write_text("".join(json.dumps(r) + "\n" for r in rows))
        subprocess.run([self.program, "import", kind, str(path)], env=self.env, check=True, stderr=subprocess.DEVNULL)

    def learn(self, labels):
        while True:
            agent = self.call("GET", "/ai/agents/status")["agents"][0]
            if agent["trained_labels"] >= labels:
                return
            time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.dir.cleanup()


def slug(label):
    return re.sub(r"[^a-z0-9_-]", "_", label.lower())


def title_of(text):
    """An imported ticket needs a title: the beginning of its text, on one line, without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:120] or "Untitled"


def split(rows, per_class, seed):
    rng, classes = random.Random(seed), collections.defaultdict(list)
    for row in rows:
        classes[row["label"]].append(row)
    train, test = [], []
    for label in sorted(classes):
        members = classes[label]
        rng.shuffle(members)
        if label == "oos":
            test += members
            continue
        held = max(1, len(members) // (2 if per_class is not None and per_class <= 32 else 4))
        test += members[:held]
        train += members[held:][:per_class]
    rng.shuffle(test)
    return train, test[:4000]


def macro_f1(truth, found):
    from sklearn.metrics import f1_score
    return 100 * f1_score(truth, found, average="macro")


def calibration_error(sure, right, bins=15):
    sure, right = np.array(sure), np.array(right, float)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(abs(sure[place == b].sum() - right[place == b].sum()) for b in range(bins)) / len(sure)


def triage(args, name, labels, seed=1):
    prio = name.endswith("-prio3")
    folder = pathlib.Path(args.data, name.removesuffix("-prio3"))
    rows = [json.loads(line) for line in open(folder / "dev.jsonl")]
    if prio:
        rows = [{**r, "label": r["prio3"]} for r in rows]
        descriptions = {l: f"{l} priority" for l in ("low", "medium", "high")}
    else:
        descriptions = json.load(open(folder / "labels.json"))["labels"]
    per_class = None if labels == "all" else int(labels)
    train, test = split(rows, per_class, seed)
    server = Server(args.program, args.models)
    try:
        shipped = server.call("GET", "/categories?limit=100")["items"]
        for label, description in descriptions.items():
            if label != "oos":
                body = {"slug": slug(label), "name": label.replace("_", " ")[:100], "description": description[:2000], "examples": []}
                try:
                    server.call("POST", "/categories", body)
                except urllib.error.HTTPError as e:
                    if e.code != 409:
                        raise
                    server.call("PATCH", "/categories/" + slug(label), {k: v for k, v in body.items() if k != "slug"})
        for category in shipped:
            if category["slug"] not in map(slug, descriptions):
                server.call("DELETE", "/categories/" + category["slug"])
        if train:
            server.bring_in("tickets", [{"title": title_of(r["text"]), "description": r["text"][:50000],
                                         "category": slug(r["label"]), "external_id": str(i)} for i, r in enumerate(train)])
            started = time.time()
            server.learn(len(train))
            print(f"{name} learnt {len(train)} labels {time.time() - started:.0f} s after the import", file=sys.stderr)
        found, sure = [], []
        started = time.time()
        for at in range(0, len(test), 128):
            items = [{"id": str(i), "text": r["text"][:50000] or "-"} for i, r in enumerate(test[at:at + 128])]
            for item in server.call("POST", "/ai/categorize/batch", {"items": items})["items"]:
                found.append(item["category"]), sure.append(item["confidence"])
        each = (time.time() - started) / len(test) * 1000
    finally:
        server.stop()
    inside = [i for i, r in enumerate(test) if r["label"] != "oos"]
    truth = [slug(test[i]["label"]) for i in inside]
    mine = [found[i] for i in inside]
    right = [a == b for a, b in zip(truth, mine)]
    line = (f"{name:12} labels {labels:>4} ({len(train)}) macro-F1 {macro_f1(truth, mine):5.1f} accuracy {100 * np.mean(right):5.1f} "
            f"ECE {calibration_error([sure[i] for i in inside], right):.3f} {each:.0f} ms a text")
    if prio:
        from sklearn.metrics import cohen_kappa_score
        order = ["low", "medium", "high"]
        line += f" kappa {cohen_kappa_score([order.index(t) for t in truth], [order.index(m) for m in mine], weights='quadratic'):.2f}"
    if len(inside) < len(test):
        from sklearn.metrics import roc_auc_score
        line += f" out-of-scope AUROC {roc_auc_score([r['label'] != 'oos' for r in test], sure):.3f}"
    if train:
        line += baselines(train, [test[i] for i in inside], truth)
    if not prio:
        line += cosine_alone(args, descriptions, [test[i] for i in inside], truth)
    print(line, flush=True)


def baselines(train, test, truth):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC
    commonest = collections.Counter(slug(r["label"]) for r in train).most_common(1)[0][0]
    tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1 if len(train) < 300 else 2)
    svm = LinearSVC().fit(tfidf.fit_transform(r["text"] for r in train), [slug(r["label"]) for r in train])
    lexical = svm.predict(tfidf.transform(r["text"] for r in test))
    return f" | majority {macro_f1(truth, [commonest] * len(truth)):.1f}, TF-IDF + SVM {macro_f1(truth, lexical):.1f}"


def cosine_alone(args, descriptions, test, truth):
    """What the nearest description says, by the embedding model of the product."""
    import onnxruntime, tokenizers
    folder = next(pathlib.Path(args.models).glob("all-minilm-*/*/model.onnx")).parent
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    wanted = {i.name for i in session.get_inputs()}

    def embed(text):
        ids = tokenizer.encode(text[:5000]).ids
        feed = {"input_ids": ids, "attention_mask": [1] * len(ids), "token_type_ids": [0] * len(ids)}
        out = session.run(None, {k: np.array([v], np.int64) for k, v in feed.items() if k in wanted})[0]
        mean = out[0].mean(0) if out.ndim == 3 else out[0]
        return mean / np.linalg.norm(mean)

    labels = sorted(l for l in descriptions if l != "oos")
    described = np.stack([embed(f"{l.replace('_', ' ')}: {descriptions[l]}") for l in labels])
    nearest = [slug(labels[int(np.argmax(described @ embed(r["text"])))]) for r in test]
    return f" | cosine alone {macro_f1(truth, nearest):.1f} (accuracy {100 * np.mean([a == b for a, b in zip(truth, nearest)]):.1f})"


def search(args, name):
    folder = pathlib.Path(args.data, name)
    corpus = [json.loads(line) for line in open(folder / "corpus.jsonl")]
    queries = [json.loads(line) for line in open(folder / "queries_dev.jsonl")]
    articles = name == "ret_stackfaq"
    server = Server(args.program, args.models)
    scores, recalls = [], []
    try:
        kind = "articles" if articles else "tickets"
        body = "body" if articles else "description"
        rows = []
        for i, row in enumerate(corpus):
            text = row["text"][:50000] or row["title"] or "-"
            rows.append({"title": title_of(row["title"] or text)[:200], body: text, "external_id": str(row["id"])}
                        | ({} if articles else {"category": "general", "priority": "medium"}))
        server.bring_in(kind, rows)
        after = ""
        if articles:
            last = urllib.parse.quote(rows[-1]["title"])
            while not any(hit["article"]["title"] == rows[-1]["title"] for hit in
                          server.call("GET", f"/knowledge/search?mode=semantic&q={last}")["items"]):
                time.sleep(0.2)
        ids = {}
        path = "/knowledge/articles?limit=100" if articles else "/tickets?limit=100&sort=number"
        while path:
            page = server.call("GET", path + after)
            for item in page["items"]:
                ids[item["id"]] = len(ids)
            after = "&cursor=" + page["next_cursor"] if page["next_cursor"] else None
            path = path if after else None
        order = [str(r["id"]) for r in corpus]
        if articles:
            order.reverse()
        known = dict(zip(ids, order))
        own = {v: k for k, v in known.items()}
        for query in queries:
            if articles:
                question = urllib.parse.quote(query["text"][:2000])
                hits = server.call("GET", f"/knowledge/search?limit=10&q={question}")["items"]
                found = [known[h["article"]["id"]] for h in hits]
            else:
                hits = server.call("GET", f"/tickets/{own[str(query['id'])]}/similar?limit=10")["items"]
                found = [known[h["ticket"]["id"]] for h in hits]
            relevant = set(map(str, query["rel"]))
            gain = sum(1 / np.log2(rank + 2) for rank, hit in enumerate(found[:10]) if hit in relevant)
            scores.append(gain / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(relevant)))))
            recalls.append(len(relevant & set(found[:10])) / len(relevant))
    finally:
        server.stop()
    print(f"{name:18} nDCG@10 {100 * np.mean(scores):.1f} recall@10 {100 * np.mean(recalls):.1f} ({len(queries)} queries, {len(corpus)} texts)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top = pathlib.Path(__file__).parent.parent
    parser.add_argument("--program", default=str(top / "target/release/ai-tickets"))
    parser.add_argument("--data", default=str(top / "../shared/data"))
    parser.add_argument("--models", default=str(top / "data/models"))
    parser.add_argument("tasks", nargs="+")
    args = parser.parse_args()
    if not pathlib.Path(args.data).is_dir():
        sys.exit(f"{args.data} is not there: nothing can be measured")
    for task in args.tasks:
        first, second = task.split(":")
        search(args, second) if first == "search" else triage(args, first, second)


main()
