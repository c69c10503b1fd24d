#!/usr/bin/env python3
"""Rebuilds crates/ai/src/priority/weights.json: how much each feature, and each dimension of a text's
embedding, speaks for each priority.

    pip install numpy scikit-learn onnxruntime tokenizers
    eval/priority/train.py --models MODELS_DIR [--data ../shared/data]

Learns from sentences.tsv, written for this project, and, with --data, from hadoop_prio5 (Apache
Hadoop's bug reports, folded to three levels), which counts for less: it knows software only.
Prints what held-out folds say.
"""
import argparse, json, pathlib, re, sys
import numpy as np

HERE = pathlib.Path(__file__).parent
ROOM = HERE.parent.parent / "crates/ai/src/priority"
LEVELS = ["low", "medium", "high", "critical"]
FEATURES = json.loads((ROOM / "features.json").read_text())
PATTERNS = [re.compile("(?i)" + f["pattern"]) if f["name"] != "exclaims" else re.compile(f["pattern"]) for f in FEATURES]


def features(text):
    text = text[:6000]
    found = [1.0 if p.search(text) else 0.0 for p in PATTERNS]
    # What is called not urgent is not urgent.
    names = [f["name"] for f in FEATURES]
    if found[names.index("no_rush")]:
        found[names.index("urgent_words")] = 0.0
    return found


def embedder(models):
    import onnxruntime, tokenizers
    folder = next(pathlib.Path(models).glob("all-minilm-l6-v2-int8/*/model.onnx")).parent
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding(), tokenizer.no_truncation()

    def embed(text):
        ids = np.array([[101] + tokenizer.encode(text[:4000], add_special_tokens=False).ids[:254] + [102]])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = session.run(None, feed)[0][0].mean(0)
        return mean / np.linalg.norm(mean)

    return embed


def load(data):
    rows = []
    for line in (HERE / "sentences.tsv").read_text().splitlines():
        level, text = line.split("\t")
        rows.append((text, LEVELS.index(level), 1.0, "sentences"))
    if data:
        rng = np.random.default_rng(0)
        reports = [json.loads(l) for l in open(pathlib.Path(data) / "hadoop_prio5/dev.jsonl")]
        fold = {"low": 0, "medium": 1, "high": 2}
        for level in fold:
            same = [r for r in reports if r["prio3"] == level]
            for i in rng.permutation(len(same))[:250]:
                rows.append((same[i]["text"], fold[level], 0.1, "hadoop"))
    return rows


def fit(x, y, weights, c):
    from sklearn.linear_model import LogisticRegression
    return LogisticRegression(C=c, max_iter=2000).fit(x, y, sample_weight=weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True)
    parser.add_argument("--data")
    args = parser.parse_args()
    from sklearn.metrics import cohen_kappa_score, f1_score
    from sklearn.model_selection import StratifiedKFold

    rows = load(args.data)
    embed = embedder(args.models)
    f = np.array([features(text) for text, *_ in rows])
    e = np.array([embed(text) for text, *_ in rows])
    y = np.array([level for _, level, *_ in rows])
    w = np.array([weight for *_, weight, _ in rows])
    source = np.array([s for *_, s in rows])
    # Embeddings have unit length: stretched, they weigh as much as a handful of features.
    full = np.hstack([f, 3 * e])
    for name, x, c in (("features alone", f, 1.0), ("with embedding", full, 0.5)):
        out = np.zeros(len(y), int)
        for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
            out[test] = fit(x[train], y[train], w[train], c).predict(x[test])
        for s in sorted(set(source)):
            m = source == s
            print(f"{name:16} {s:10} n {m.sum():4} macro-F1 {100 * f1_score(y[m], out[m], average='macro', labels=sorted(set(y[m]))):.1f}"
                  f" kappa {cohen_kappa_score(y[m], out[m], weights='quadratic'):.2f}", file=sys.stderr)
    alone, joined = fit(f, y, w, 1.0), fit(full, y, w, 0.5)
    k = f.shape[1]
    rounded = lambda a: np.round(a, 3).tolist()
    weights = {
        "alone": {"biases": rounded(alone.intercept_), "features": rounded(alone.coef_)},
        "joined": {"biases": rounded(joined.intercept_), "features": rounded(joined.coef_[:, :k]),
                   "embedding": rounded(3 * joined.coef_[:, k:])},
    }
    (ROOM / "weights.json").write_text(json.dumps(weights) + "\n")


main()
