/**
 * The groups that run right now, so that they die with this process when it exits in a hurry.
 *
 * The one place of this folder with state of its own: "this process exits" is said once per process, and a listener per
 * child would trip Node's limit of ten. The listener stands only while a group runs.
 */
import { sendSignal } from './group.ts'

const groups = new Set<number>()

const killAll = (): void => {
  for (const group of groups) sendSignal(group, 'SIGKILL')
}

/** Kills the group should this process exit before the returned function is called. */
export function killOnExit(group: number): () => void {
  if (groups.size === 0) process.on('exit', killAll)
  groups.add(group)
  return () => {
    groups.delete(group)
    if (groups.size === 0) process.off('exit', killAll)
  }
}
