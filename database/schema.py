"""The schema of `base.sqlite`: the one truth that every index is derived from."""

APPLICATION_ID = 0x47474C4D  # "GGLM", so that a foreign SQLite file is told from ours
SCHEMA_VERSION = 4

_DOCUMENTS = """
CREATE TABLE {name} (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,               -- 'text', or 'facts' for a set of facts
    title TEXT NOT NULL,
    metadata TEXT NOT NULL,           -- JSON object
    labels TEXT NOT NULL,             -- JSON list; empty: everyone may see the document
    content_hash TEXT NOT NULL,
    added_at TEXT NOT NULL,           -- UTC, ISO 8601
    text TEXT NOT NULL                -- last, for it is long; every span counts characters of this
);
"""

# Numbers only grow and are never used again, so that an index knows what is new by the last number
# that it has seen, and what went by `gone`.
_PASSAGES = """
CREATE TABLE {name} (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    page INTEGER,
    heading TEXT NOT NULL,
    vector_key TEXT,                  -- hash of what was embedded
    text TEXT NOT NULL                -- equals the span cut out of the document
);
"""

# Vectors wait here by the hash of their text, so embedding happens before a document's
# transaction and a repeated `add` after a crash does not embed again. Little-endian float16.
_VECTORS = """
CREATE TABLE {name} (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    vector BLOB NOT NULL
);
"""

_PASSAGE_CHANGES = """
CREATE INDEX passages_of_document ON passages (document, position);
CREATE INDEX passages_of_vector ON passages (vector_key);

-- Passages that went, and the generation in which they did.
CREATE TABLE gone (number INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX gone_by_generation ON gone (generation);
CREATE TRIGGER passage_goes AFTER DELETE ON passages BEGIN
    INSERT INTO gone SELECT old.number, value FROM manifest WHERE key = 'generation';
END;
"""

# A fact is what is said; who says it, in which words, is a contribution. The predicate stands here
# as `normalize_name` writes it, so that the facts of a hub are found by it.
_FACTS = """
CREATE TABLE {name} (
    id TEXT PRIMARY KEY,
    subject_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    predicate TEXT NOT NULL
) WITHOUT ROWID;
"""

_NAMES = """
CREATE INDEX facts_of_subject ON facts (subject_id, predicate);
CREATE INDEX facts_of_object ON facts (object_id, predicate);

-- What the documents' facts call their entities (`naming`), and how many of them do.
CREATE TABLE names (
    number INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT,                         -- as it is looked up; NULL for what no text is searched for
    first TEXT,                       -- the first token of the key,
    length INTEGER,                   -- and how many tokens it has
    said INTEGER NOT NULL
);
CREATE UNIQUE INDEX names_of_entity ON names (entity, kind, name);
CREATE INDEX names_by_key ON names (key) WHERE key IS NOT NULL;
CREATE INDEX names_by_start ON names (first, length) WHERE key IS NOT NULL;

-- How many facts of which document say so.
CREATE TABLE names_said (
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    name INTEGER NOT NULL REFERENCES names (number),
    said INTEGER NOT NULL,
    PRIMARY KEY (document, name)
) WITHOUT ROWID;
CREATE INDEX names_said_by ON names_said (name);
"""

#: What takes a base of each earlier version one further; `half` makes float16 of float32, `plain`
#: is `normalize_name`. Version 3 gets its names afterwards, by `naming_rows.fill_names`.
UPGRADES = {
    1: "ALTER TABLE contributions ADD COLUMN source_title TEXT;",
    2: (
        _DOCUMENTS.format(name="new_documents")
        + "INSERT INTO new_documents (id, kind, title, metadata, labels, content_hash, added_at, "
        "text) SELECT id, kind, title, metadata, labels, content_hash, added_at, text "
        "FROM documents ORDER BY rowid;"
        + _PASSAGES.format(name="new_passages")
        + "INSERT INTO new_passages (id, document, position, start, end, page, heading, "
        "vector_key, text) SELECT p.id, d.number, p.position, p.start, p.end, p.page, p.heading, "
        "p.vector_key, p.text FROM passages p JOIN new_documents d ON d.id = p.document_id "
        "ORDER BY d.number, p.position;"
        "DROP TABLE passages; DROP TABLE documents;"
        "ALTER TABLE new_documents RENAME TO documents;"
        "ALTER TABLE new_passages RENAME TO passages;"
        + _VECTORS.format(name="new_vectors")
        + "INSERT INTO new_vectors (key, vector) SELECT v.key, half(v.vector) FROM vectors v "
        "LEFT JOIN passages p ON p.vector_key = v.key GROUP BY v.key ORDER BY min(p.number);"
        "DROP TABLE vectors; ALTER TABLE new_vectors RENAME TO vectors;" + _PASSAGE_CHANGES
    ),
    3: (
        _FACTS.format(name="new_facts")
        + "INSERT INTO new_facts SELECT f.id, f.subject_id, f.object_id, plain(c.predicate) "
        "FROM facts f JOIN contributions c ON c.fact_id = f.id GROUP BY f.id;"
        "DROP TABLE facts; ALTER TABLE new_facts RENAME TO facts;" + _NAMES
    ),
}

SCHEMA = (
    """
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
    + _DOCUMENTS.format(name="documents")
    + _PASSAGES.format(name="passages")
    + _VECTORS.format(name="vectors")
    + _PASSAGE_CHANGES
    + _FACTS.format(name="facts")
    + _NAMES
    + """
CREATE TABLE contributions (
    fact_id TEXT NOT NULL REFERENCES facts (id) ON DELETE CASCADE,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,        -- order within the document
    passage_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    predicate TEXT NOT NULL,
    object TEXT NOT NULL,
    page INTEGER,
    start INTEGER,
    end INTEGER,
    extractor TEXT NOT NULL,
    confidence REAL NOT NULL,
    time TEXT NOT NULL,
    source_title TEXT,                -- where it names another source than its document's title
    PRIMARY KEY (document_id, position)
) WITHOUT ROWID;
CREATE INDEX contributions_of_fact ON contributions (fact_id);

-- Names and types that a document gives an entity beyond the words of its facts.
CREATE TABLE entity_names (
    entity_id TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (entity_id, document_id, name)
) WITHOUT ROWID;

-- Merges and splits of entities, in order; kept when documents go.
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    details TEXT NOT NULL,
    made_at TEXT NOT NULL,
    undone_by INTEGER
);

-- The generation in which a document last changed or went; readers catch up from here.
CREATE TABLE changes (document_id TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX changes_by_generation ON changes (generation);
"""
)
