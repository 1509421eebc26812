/**
 * Checkpoints, channel values and writes in SQLite.
 */
import type { EncodedValue, Encoding } from '../serializer.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import type { CheckpointFilter, CheckpointKey, CheckpointRow, CheckpointTable, WriteTable } from './tables.ts'

export function createSqliteCheckpoints({ get, all, run }: Statements): CheckpointTable {
  return {
    addValue({ thread, ns, channel, version, value }) {
      const { encoding, text } = value
      return run(
        'INSERT INTO channel_value (thread, ns, channel, version, encoding, text) VALUES (?, ?, ?, ?, ?, ?)',
        thread,
        ns,
        channel,
        version,
        encoding,
        text,
      ).lastId
    },
    values(ids) {
      const rows = all(
        'SELECT id, encoding, text FROM channel_value WHERE id IN (SELECT value FROM json_each(?))',
        JSON.stringify(ids),
      )
      return new Map(rows.map((row) => [row.id as number, toValue(row)]))
    },
    valuesAt({ thread, ns, channel, version }) {
      const rows = all(
        'SELECT id, encoding, text FROM channel_value WHERE thread = ? AND ns = ? AND channel = ? AND version = ?',
        thread,
        ns,
        channel,
        version,
      )
      return rows.map((row) => ({ id: row.id as number, value: toValue(row) }))
    },
    put({ thread, ns, id, parent, v, ts, versions, seen, refs, metadata: { encoding, text } }) {
      run(
        `INSERT INTO checkpoint
           (thread, ns, id, parent, v, ts, versions, seen, refs, metadata_encoding, metadata)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (thread, ns, id) DO UPDATE SET
           parent = excluded.parent, v = excluded.v, ts = excluded.ts, versions = excluded.versions,
           seen = excluded.seen, refs = excluded.refs,
           metadata_encoding = excluded.metadata_encoding, metadata = excluded.metadata`,
        thread,
        ns,
        id,
        parent,
        v,
        ts,
        versions,
        seen,
        refs,
        encoding,
        text,
      )
    },
    get: ({ thread, ns, id }) =>
      toRow(get('SELECT * FROM checkpoint WHERE thread = ? AND ns = ? AND id = ?', thread, ns, id)),
    latest: (thread, ns) =>
      toRow(get('SELECT * FROM checkpoint WHERE thread = ? AND ns = ? ORDER BY seq DESC LIMIT 1', thread, ns)),
    page(filter, limit) {
      const { where, values } = conditions(filter)
      const sql = `SELECT seq, thread, ns, id, metadata_encoding, metadata FROM checkpoint ${where} ORDER BY seq DESC LIMIT ?`
      return all(sql, ...values, limit).map((row) => ({
        ...toKey(row),
        seq: row.seq as number,
        metadata: toMetadata(row),
      }))
    },
    deleteThread(thread) {
      run('DELETE FROM channel_value WHERE thread = ?', thread)
      return run('DELETE FROM checkpoint WHERE thread = ?', thread).changes > 0
    },
  }
}

export function createSqliteWrites({ all, run }: Statements): WriteTable {
  const columns = '(thread, ns, checkpoint, task, idx, task_path, channel, encoding, text)'
  return {
    put({ thread, ns, id }, { taskId, idx, taskPath, channel, value: { encoding, text } }) {
      const verb = idx < 0 ? 'INSERT OR REPLACE' : 'INSERT OR IGNORE'
      run(
        `${verb} INTO checkpoint_write ${columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        thread,
        ns,
        id,
        taskId,
        idx,
        taskPath,
        channel,
        encoding,
        text,
      )
    },
    of({ thread, ns, id }) {
      const rows = all(
        `SELECT task, idx, task_path, channel, encoding, text FROM checkpoint_write
         WHERE thread = ? AND ns = ? AND checkpoint = ? ORDER BY task_path, task, idx`,
        thread,
        ns,
        id,
      )
      return rows.map((row) => ({
        taskId: row.task as string,
        idx: row.idx as number,
        taskPath: row.task_path as string,
        channel: row.channel as string,
        value: toValue(row),
      }))
    },
    deleteThread: (thread) => run('DELETE FROM checkpoint_write WHERE thread = ?', thread).changes > 0,
  }
}

/** The part of the query that a filter makes; its values are bound, never put into the text. */
function conditions({ thread, ns, id, beforeSeq, belowId }: CheckpointFilter) {
  const parts: readonly (readonly [condition: string, value: string | number | undefined])[] = [
    ['thread = ?', thread],
    ['ns = ?', ns],
    ['id = ?', id],
    ['seq < ?', beforeSeq],
    ['id < ?', belowId],
  ]
  const given = parts.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]))
  return {
    where: given.length === 0 ? '' : `WHERE ${given.map(({ condition }) => condition).join(' AND ')}`,
    values: given.map(({ value }) => value),
  }
}

const toValue = (row: Row): EncodedValue => ({ encoding: row.encoding as Encoding, text: row.text as string })

const toMetadata = (row: Row): EncodedValue => ({
  encoding: row.metadata_encoding as Encoding,
  text: row.metadata as string,
})

const toKey = (row: Row): CheckpointKey => ({
  thread: row.thread as string,
  ns: row.ns as string,
  id: row.id as string,
})

function toRow(row: Row | undefined): CheckpointRow | undefined {
  if (!row) return undefined
  return {
    ...toKey(row),
    seq: row.seq as number,
    parent: row.parent as string | null,
    v: row.v as number,
    ts: row.ts as string,
    versions: row.versions as string,
    seen: row.seen as string,
    refs: row.refs as string,
    metadata: toMetadata(row),
  }
}
