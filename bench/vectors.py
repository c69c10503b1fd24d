#!/usr/bin/env python3
"""Compares ways to find the nearest vectors: sign codes in memory with exact re-ranking, as the program does, and HNSW of pgvector.

    pip install numpy
    bench/vectors.py --database postgresql://…/vectors [--vectors 100000,300000] [--queries 200]

The database holds tickets that the program has read with its model, and pgvector can be made in it. Its vectors are real; up to
the numbers that are asked for, others are made between two neighbours of them with noise, so that they lie as densely as real ones
do. The queries are real and not among what is searched. Prints recall@10 against the exact answer, and times on the server.
"""
import argparse, subprocess, time

import numpy as np

RERANKED = 300


def psql(args, text):
    return subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", args.database], input=text, capture_output=True, text=True,
                          check=True).stdout


def normalised(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def stored(args):
    lines = psql(args, "SELECT encode(whole, 'hex') FROM ticket_vectors ORDER BY ticket_number").split()
    rows = np.array([np.frombuffer(bytes.fromhex(line), dtype=np.int8)[4:] for line in lines], dtype=np.float32)
    return normalised(rows)


def between(real, count, draw):
    """Vectors between neighbours: half of their way and half of a neighbour's, with a third of noise."""
    a = real[draw.integers(len(real), size=count)]
    out = np.empty_like(a)
    for start in range(0, count, 1000):
        chunk = a[start:start + 1000]
        near = np.argpartition(-(chunk @ real.T), 20, axis=1)[:, :20]
        b = real[near[np.arange(len(chunk)), draw.integers(20, size=len(chunk))]]
        share = draw.uniform(.2, .8, size=(len(chunk), 1)).astype(np.float32)
        noise = normalised(draw.normal(size=chunk.shape).astype(np.float32))
        out[start:start + 1000] = normalised(chunk * share + b * (1 - share) + .33 * noise)
    return out


def codes(rows):
    return np.packbits(rows > 0, axis=1).view(np.uint64)


def by_codes(rows, packed, query):
    distance = np.bitwise_count(packed ^ codes(query[None])[0]).sum(axis=1)
    best = np.argpartition(distance, RERANKED)[:RERANKED]
    return best[np.argsort(-(rows[best] @ query))][:10]


def literal(row):
    return "[" + ",".join(f"{x:.5f}" for x in row) + "]"


def recall(found, exact):
    return np.mean([len(set(f) & set(e)) / len(e) for f, e in zip(found, exact)])


def measure(args, rows, queries):
    exact = [np.argsort(-(rows @ q))[:10] for q in queries]
    packed = codes(rows)
    started = time.perf_counter()
    found = [by_codes(rows, packed, q) for q in queries]
    took = (time.perf_counter() - started) / len(queries) * 1000
    fetch = fetched(args, len(queries))
    print(f"| {len(rows):,} | sign codes, {RERANKED} re-ranked | {recall(found, exact):.3f} | {took:.1f} + {fetch:.1f} | {packed.nbytes / 1e6:.0f} MB in each process | |")
    text = "\n".join(f"{i}\t{literal(row)}" for i, row in enumerate(rows))
    psql(args, f"""CREATE EXTENSION IF NOT EXISTS vector; DROP TABLE IF EXISTS bench_vectors;
        CREATE UNLOGGED TABLE bench_vectors (n int PRIMARY KEY, v halfvec(384));
        COPY bench_vectors FROM STDIN;\n{text}\n\\.\n""")
    started = time.perf_counter()
    psql(args, "SET maintenance_work_mem = '1GB'; CREATE INDEX bench_hnsw ON bench_vectors USING hnsw (v halfvec_cosine_ops); ANALYZE bench_vectors;")
    built = time.perf_counter() - started
    size = int(psql(args, "SELECT pg_relation_size('bench_hnsw')")) / 1e6
    insert = inserted(args, queries)
    for ef in (40, 100, 300):
        out = psql(args, f"SET hnsw.ef_search = {ef};\n" + "\n".join(
            f"SELECT array_agg(n) FROM (SELECT n FROM bench_vectors WHERE n < {len(rows)} ORDER BY v <=> '{literal(q)}' LIMIT 10) x;" for q in queries))
        found = [[int(n) for n in line.strip("{}").split(",") if n] for line in out.split()]
        times = psql(args, f"SET hnsw.ef_search = {ef};\n" + "\n".join(
            f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT n FROM bench_vectors ORDER BY v <=> '{literal(q)}' LIMIT 300;" for q in queries[:100]))
        ms = np.median([float(line.split(":")[1].rstrip(",")) for line in times.splitlines() if "Execution Time" in line])
        print(f"| {len(rows):,} | HNSW of halfvec, ef_search {ef} | {recall(found, exact):.3f} | {ms:.1f} | {size:.0f} MB in the database, built in {built:.0f} s | {insert:.1f} ms |", flush=True)


def fetched(args, times):
    """Milliseconds in which the server gives the exact vectors of so many tickets."""
    plain = psql(args, f"SELECT array_agg(n) FROM (SELECT ticket_number AS n FROM ticket_vectors ORDER BY random() LIMIT {RERANKED}) x").strip()
    out = psql(args, f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT whole FROM ticket_vectors WHERE ticket_number = ANY ('{plain}');" * 20)
    return float(np.median([float(line.split(":")[1].rstrip(",")) for line in out.splitlines() if "Execution Time" in line]))


def inserted(args, queries):
    """Milliseconds by which the index makes an insert longer."""
    out = psql(args, "\n".join(f"EXPLAIN (ANALYZE, FORMAT JSON) INSERT INTO bench_vectors VALUES ({10_000_000 + n}, '{literal(q)}');"
                               for n, q in enumerate(queries[:50])))
    return float(np.median([float(line.split(":")[1].rstrip(",")) for line in out.splitlines() if "Execution Time" in line]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--vectors", default="100000,300000")
    parser.add_argument("--queries", type=int, default=200)
    args = parser.parse_args()
    draw = np.random.default_rng(7)
    real = stored(args)
    real = real[draw.permutation(len(real))]
    queries, real = real[:args.queries], real[args.queries:]
    print(f"{len(real):,} real vectors\n\n| vectors | way | recall@10 | ms | memory | an insert takes |\n| --- | --- | --- | --- | --- | --- |")
    for count in (int(n) for n in args.vectors.split(",")):
        rows = np.concatenate([real, between(real, count - len(real), draw)]) if count > len(real) else real[:count]
        measure(args, rows, queries)


if __name__ == "__main__":
    main()
