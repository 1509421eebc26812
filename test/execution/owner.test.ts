import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { currentOwner, isOwnerDead, sameOwner } from '../../src/execution/owner.ts'

const own = currentOwner('e_1')

it('this process is alive', () => expect(isOwnerDead(own)).toBe(false))

it('a process that is gone is dead', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'close')
  expect(isOwnerDead({ ...own, pid: child.pid as number })).toBe(true)
})

it('a pid that was given out again is not its former owner', () =>
  expect(isOwnerDead({ ...own, started: String(Number(own.started) - 100) })).toBe(true))

it('an owner from before the last boot is dead', () => expect(isOwnerDead({ ...own, boot: 'another' })).toBe(true))

it('an owner on another host is never known to be dead', () =>
  expect(isOwnerDead({ ...own, host: 'elsewhere', pid: 1, started: '0', boot: 'x' })).toBe(false))

it('tells engines of one process apart', () => {
  expect(sameOwner(own, currentOwner('e_1'))).toBe(true)
  expect(sameOwner(own, currentOwner('e_2'))).toBe(false)
})
