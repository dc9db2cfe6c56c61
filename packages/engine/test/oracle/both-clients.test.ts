import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prune } from '../../src/maintenance/prune.ts'
import { withLock } from '../../src/repository/lock.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { Clients, summaryOf } from './clients.ts'
import { folderDifferences } from './folder-differences.ts'
import { noRestic, RESTIC } from './restic.ts'

const root = join(tmpdir(), `varve-both-${randomUUID()}`)
const work = join(root, 'work')
beforeAll(() => mkdirSync(work, { recursive: true }))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Makes a folder with content that two snapshots have in common and content that only one has. */
function makeMoment(folder: string, moment: number): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `only ${moment}`), noise(6_000_000, 10 + moment))
  if (moment === 0) writeFileSync(join(folder, 'both'), noise(6_000_000, 20))
  else rmSync(join(folder, `only ${moment - 1}`))
}

describe.skipIf(noRestic)('pruning', () => {
  test('by restic leaves what Varve saved', async () => {
    const both = await Clients.create('by restic', root, work)
    const folder = join(work, 'pruned by restic')
    for (const moment of [0, 1]) {
      makeMoment(folder, moment)
      await both.varve.run('snapshot', 'pruned by restic')
    }
    await both.restic.run('forget', '--keep-last', '1', '--prune', '--max-unused', '0')
    expect(await both.problems()).toEqual([])
    const target = join(root, 'after restic')
    await both.varve.run('restore', 'latest', '--output-directory', target)
    expect(folderDifferences(folder, target)).toEqual([])
    expect(await summaryOf(both.varve.json('snapshot', 'pruned by restic'))).toMatchObject({ data_blobs: 0 })
  })

  test('by Varve leaves what restic saved', async () => {
    const both = await Clients.create('by varve', root, work)
    const folder = join(work, 'pruned by varve')
    for (const moment of [0, 1]) {
      makeMoment(folder, moment)
      await both.restic.run('backup', 'pruned by varve')
    }
    await both.varve.run('prune', '1', '--max-unused', '0')
    expect(await both.problems()).toEqual([])
    const target = join(root, 'after varve')
    await both.restoreByRestic(target)
    expect(folderDifferences(folder, join(target, 'pruned by varve'))).toEqual([])
    expect(await summaryOf(both.restic.json('backup', 'pruned by varve'))).toMatchObject({ data_blobs: 0 })
  })
})

describe.skipIf(noRestic)('locks', () => {
  test('keep restic from a backup, and Varve from a prune', async () => {
    const both = await Clients.create('locked', root, work)
    makeMoment(join(work, 'folder'), 0)
    await both.withRepository(async (repository) => {
      await withLock(repository, { exclusive: true }, async () => {
        const outcome = await both.restic.attempt('backup', 'folder')
        expect(outcome).toMatchObject({ code: expect.toSatisfy((code) => code !== 0) })
        expect(outcome.stderr).toMatch(/already locked exclusively/)
        expect((await both.restic.run('list', 'locks', '--no-lock')).trim()).toMatch(/^[0-9a-f]{64}$/)
        expect(await both.varve.attempt('snapshot', 'folder')).toMatchObject({ code: 11 })
      })
      const backup = spawn(RESTIC, ['backup', '--stdin', '--no-cache'], {
        env: both.restic.environment,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
      const ended = once(backup, 'exit')
      try {
        while ((await repository.storage.list('lock')).length === 0) await new Promise(setImmediate)
        await expect(prune(repository)).rejects.toMatchObject({ code: 'ERR_VARVE_LOCKED' })
        expect(await both.varve.attempt('prune')).toMatchObject({ code: 11 })
        await both.varve.run('snapshot', 'folder')
      } finally {
        backup.stdin.end('content')
        await ended
      }
      await prune(repository)
      expect(await repository.snapshots()).toHaveLength(2)
    })
    expect(await both.problems()).toEqual([])
  })
})
