/**
 * The tables of the SQLite store, and how older files become newer ones.
 *
 * `user_version` is the number of migrations a file has been through. A binary that knows fewer refuses the file. A
 * migration that was released never changes; a new one is added at the end.
 */

/** Tells our files from other SQLite databases: "SGRA" in the header. */
export const applicationId = 0x53475241

const first = `
CREATE TABLE plan (
  hash TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE run (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  pipeline TEXT NOT NULL,
  version TEXT,
  plan TEXT NOT NULL,
  file TEXT,
  status TEXT NOT NULL,
  inputs TEXT NOT NULL,
  progress REAL NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  ended_at TEXT,
  active_ms REAL NOT NULL,
  stretches INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  owner TEXT,
  last_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX run_created ON run (created_at);
CREATE INDEX run_pipeline ON run (pipeline, created_at);
CREATE INDEX run_status ON run (status, created_at);

CREATE TABLE event (
  run TEXT NOT NULL,
  seq INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE cache (
  key TEXT PRIMARY KEY,
  text TEXT NOT NULL,
  expires_at_ms REAL NOT NULL
) STRICT;
CREATE INDEX cache_expiry ON cache (expires_at_ms);

-- LangGraph's checkpoints. seq is the order of the history; refs: channel -> channel_value.id
CREATE TABLE checkpoint (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  thread TEXT NOT NULL,
  ns TEXT NOT NULL,
  id TEXT NOT NULL,
  parent TEXT,
  v INTEGER NOT NULL,
  ts TEXT NOT NULL,
  versions TEXT NOT NULL,
  seen TEXT NOT NULL,
  refs TEXT NOT NULL,
  metadata_encoding INTEGER NOT NULL,
  metadata TEXT NOT NULL,
  UNIQUE (thread, ns, id)
) STRICT;
CREATE INDEX checkpoint_order ON checkpoint (thread, ns, seq);

CREATE TABLE channel_value (
  id INTEGER PRIMARY KEY,
  thread TEXT NOT NULL,
  ns TEXT NOT NULL,
  channel TEXT NOT NULL,
  version TEXT NOT NULL,
  encoding INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX channel_value_version ON channel_value (thread, ns, channel, version);

-- In the order of LangGraph's writesSortKey: SQLite compares UTF-8, which is the order of code points.
CREATE TABLE checkpoint_write (
  thread TEXT NOT NULL,
  ns TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  task TEXT NOT NULL,
  idx INTEGER NOT NULL,
  task_path TEXT NOT NULL,
  channel TEXT NOT NULL,
  encoding INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (thread, ns, checkpoint, task, idx)
) STRICT;
`

const second = `
-- What holds for the whole file. 'seal': a cell that only the keys of a sealed store open
CREATE TABLE fact (
  name TEXT PRIMARY KEY,
  cell ANY NOT NULL
) STRICT;

CREATE TABLE plan (
  hash TEXT PRIMARY KEY,
  cell ANY NOT NULL,
  sum INTEGER NOT NULL
) STRICT;

-- mark: a second way to find it, should the first be damaged
CREATE TABLE run (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  mark INTEGER NOT NULL,
  pipeline TEXT NOT NULL,
  version TEXT,
  plan TEXT NOT NULL,
  file TEXT,
  created_at TEXT NOT NULL,
  inputs ANY NOT NULL,
  sum INTEGER NOT NULL,
  status TEXT NOT NULL,
  progress REAL NOT NULL,
  updated_at TEXT NOT NULL,
  ended_at TEXT,
  active_ms REAL NOT NULL,
  stretches INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  owner TEXT,
  last_seq INTEGER NOT NULL,
  changing_sum INTEGER NOT NULL
) STRICT;
CREATE INDEX run_mark ON run (mark);
CREATE INDEX run_created ON run (created_at);
CREATE INDEX run_pipeline ON run (pipeline, created_at);
CREATE INDEX run_status ON run (status, created_at);

CREATE TABLE event (
  run TEXT NOT NULL,
  seq INTEGER NOT NULL,
  cell ANY NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE cache (
  key TEXT PRIMARY KEY,
  expires_at_ms REAL NOT NULL,
  cell ANY NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
CREATE INDEX cache_expiry ON cache (expires_at_ms);

-- A namespace of a thread. mark: a second way to find it; tip: seq of its newest checkpoint
CREATE TABLE line (
  n INTEGER PRIMARY KEY,
  thread TEXT NOT NULL,
  ns TEXT NOT NULL,
  mark INTEGER NOT NULL,
  tip INTEGER,
  sum INTEGER NOT NULL,
  UNIQUE (thread, ns)
) STRICT;
CREATE INDEX line_mark ON line (mark);

-- LangGraph's checkpoints. prev: the one before it in the line; head: the value that says what it holds
CREATE TABLE checkpoint (
  seq INTEGER PRIMARY KEY,
  line INTEGER NOT NULL,
  id TEXT NOT NULL,
  parent TEXT,
  prev INTEGER,
  head INTEGER,
  write_set INTEGER NOT NULL,
  writes INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  metadata ANY NOT NULL,
  sum INTEGER NOT NULL,
  UNIQUE (line, id)
) STRICT;

-- Whole (base is null) or a change of another value
CREATE TABLE value (
  n INTEGER PRIMARY KEY,
  line INTEGER NOT NULL,
  base INTEGER,
  depth INTEGER NOT NULL,
  weight INTEGER NOT NULL,
  full INTEGER NOT NULL,
  size INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  hash BLOB,
  cell ANY NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
CREATE INDEX value_hash ON value (line, hash);

-- In the order of LangGraph's writesSortKey: SQLite compares UTF-8, which is the order of code points.
-- Either value (its number) or encoding and cell.
CREATE TABLE checkpoint_write (
  write_set INTEGER NOT NULL,
  task TEXT NOT NULL,
  idx INTEGER NOT NULL,
  task_path TEXT NOT NULL,
  channel TEXT NOT NULL,
  value INTEGER,
  encoding INTEGER,
  cell ANY,
  sum INTEGER NOT NULL,
  PRIMARY KEY (write_set, task, idx)
) STRICT, WITHOUT ROWID;
`

/** What a file of this version becomes a file of the next one with. */
export interface Migration {
  readonly sql: string
  /** Tables of the version before that it makes anew, and whose rows are moved. */
  readonly moves: readonly string[]
}

export const migrations: readonly Migration[] = [
  { sql: first, moves: [] },
  { sql: second, moves: ['plan', 'run', 'event', 'cache', 'checkpoint', 'channel_value', 'checkpoint_write'] },
]

/** Where an empty file begins: the migration that has all tables that are moved. */
export const firstWhole = 1

/** The version of files that this binary writes. */
export const schemaVersion = migrations.length
