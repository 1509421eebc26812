/**
 * The tables of the SQLite store. `user_version` of a file is the version of its schema; a binary that knows an older one
 * refuses the file, and `sqlite-migrate.ts` brings older files to this one.
 */

/** Tells our files from other SQLite databases: "SGRA" in the header. */
export const applicationId = 0x53475241

/** What version 2 did not have. */
export const listingIndex = 'CREATE INDEX run_pipeline_status ON run (pipeline, status, created_at);'

/** Nor this. */
export const logSchema = `
-- A row per append. n: run.n << 32 | the seq of its last event; cell: its events, a list
CREATE TABLE log (
  n INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  cell ANY NOT NULL,
  sum INTEGER NOT NULL
) STRICT;

-- Stays without an owner when it is given up
CREATE TABLE lease (
  thread TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  owner TEXT,
  expires_at_ms REAL NOT NULL,
  sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest epoch of leases ('epoch') and number of runs ('run') that were deleted: they are not used again
CREATE TABLE floor (
  name TEXT PRIMARY KEY,
  cell INTEGER NOT NULL,
  sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

/** Nor had version 3 this. */
export const waitSchema = `
-- An open wait. events: names of those it waits for; due_at_ms: 0 once it is answered; answer: handed in, not taken up
CREATE TABLE wait (
  id TEXT PRIMARY KEY,
  thread TEXT NOT NULL,
  due_at_ms REAL,
  events TEXT NOT NULL,
  cell ANY NOT NULL,
  answer ANY,
  sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX wait_thread ON wait (thread);
CREATE INDEX wait_due ON wait (due_at_ms);
CREATE TABLE wait_event (
  name TEXT NOT NULL,
  wait TEXT NOT NULL,
  PRIMARY KEY (name, wait)
) STRICT, WITHOUT ROWID;
CREATE INDEX wait_event_wait ON wait_event (wait);

-- An event that came from outside or from a run
CREATE TABLE signal (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  expires_at_ms REAL NOT NULL,
  cell ANY NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
CREATE INDEX signal_name ON signal (name, n);
CREATE INDEX signal_expiry ON signal (expires_at_ms);

-- Which events a stage of a thread was given
CREATE TABLE signal_given (
  thread TEXT NOT NULL,
  stage TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (thread, stage, id)
) STRICT, WITHOUT ROWID;
`

/** All tables. */
export const wholeSchema = `
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
  last_seq INTEGER NOT NULL,
  changing_sum INTEGER NOT NULL
) STRICT;
CREATE INDEX run_mark ON run (mark);
CREATE INDEX run_created ON run (created_at);
CREATE INDEX run_pipeline ON run (pipeline, created_at);
CREATE INDEX run_status ON run (status, created_at);
${listingIndex}
${logSchema}${waitSchema}
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

/** The version of files that this binary writes. */
export const schemaVersion = 4
