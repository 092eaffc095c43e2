"""The schema of `base.sqlite`: the one truth that every index is derived from."""

APPLICATION_ID = 0x47474C4D  # "GGLM", so that a foreign SQLite file is told from ours
SCHEMA_VERSION = 2

#: What takes a base of each earlier version one further.
UPGRADES = {1: ("ALTER TABLE contributions ADD COLUMN source_title TEXT",)}

SCHEMA = """
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,               -- 'text', or 'facts' for a set of facts
    title TEXT NOT NULL,
    text TEXT NOT NULL,               -- every span counts characters of this
    metadata TEXT NOT NULL,           -- JSON object
    labels TEXT NOT NULL,             -- JSON list; empty: everyone may see the document
    content_hash TEXT NOT NULL,
    added_at TEXT NOT NULL            -- UTC, ISO 8601
);

CREATE TABLE passages (
    id TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    page INTEGER,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,               -- equals the span cut out of the document
    vector_key TEXT                   -- hash of what was embedded
);
CREATE INDEX passages_of_document ON passages (document_id, position);
CREATE INDEX passages_of_vector ON passages (vector_key);

-- Vectors wait here by the hash of their text, so embedding happens before a document's
-- transaction and a repeated `add` after a crash does not embed again.
CREATE TABLE vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;

-- A fact is what is said; who says it, in which words, is a contribution.
CREATE TABLE facts (
    id TEXT PRIMARY KEY,
    subject_id TEXT NOT NULL,
    object_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX facts_of_subject ON facts (subject_id);
CREATE INDEX facts_of_object ON facts (object_id);

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
