import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { createRepository } from '../../src/repository/create-repository.ts'
import { withLock } from '../../src/repository/lock.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { CHEAP_KDF, noise } from '../fixtures/repository-fixture.ts'
import { folderDifferences } from './folder-differences.ts'
import { VarveCommand } from './varve-command.ts'

const PASSWORD = 'together'
const COMMAND = fileURLToPath(new URL('../../../cli/bin/varve.js', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'varve-together-'))
const source = join(root, 'source')
const contentBytes = 12 * 3_000_000
beforeAll(() => {
  mkdirSync(source)
  for (let number = 0; number < 12; number++)
    writeFileSync(join(source, `file ${number}`), noise(3_000_000, number + 1))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each(['directory', 'sqlite'] as const)('real processes, one repository, %s storage:', (kind) => {
  let made = 0

  /** A new repository. */
  async function scene() {
    const path = join(root, `${kind} ${made++}`)
    const location = kind === 'sqlite' ? `sqlite:${path}` : path
    await (await createRepository({ storage: location, password: PASSWORD, kdf: CHEAP_KDF })).close()
    const varve = new VarveCommand({ repository: location, password: PASSWORD, cwd: root })
    const withRepository = async <T>(work: (repository: OpenRepository) => Promise<T>): Promise<T> => {
      const repository = await openRepository({ storage: location, password: PASSWORD })
      try {
        return await work(repository)
      } finally {
        await repository.close()
      }
    }
    const problems = () => withRepository(async (repository) => (await check(repository, { readData: true })).problems)
    return { location, varve, withRepository, problems }
  }

  test('two snapshots at once are both whole, and a third finds all that they stored', async () => {
    const { varve, withRepository, problems } = await scene()
    const hosts = ['left', 'right']
    await Promise.all(hosts.map((host) => varve.run('snapshot', source, '--host', host)))
    expect(await problems()).toEqual([])
    for (const host of hosts) {
      const target = join(root, `${kind} ${host}`)
      await varve.run('restore', 'latest', '--host', host, '--output-directory', target)
      expect(folderDifferences(source, target)).toEqual([])
    }
    const [summary] = (await varve.json('snapshot', source, '--host', 'third', '--force')).slice(-1)
    expect(summary).toMatchObject({ message_type: 'summary', data_blobs: 0 })
    // At worst each has stored all of it.
    const stored = await withRepository(async ({ storage }) => storage.list('pack'))
    expect(stored.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(2.1 * contentBytes)
  })

  test('a snapshot during a prune fails with 11, or waits where it is told to', async () => {
    const { varve, withRepository, problems } = await scene()
    await withRepository(async (repository) => {
      let waiting: Promise<string> | undefined
      await withLock(repository, { exclusive: true }, async () => {
        expect(await varve.attempt('snapshot', source)).toMatchObject({ code: 11 })
        waiting = varve.run('snapshot', source, '--retry-lock', '2m')
        // It has looked at least once when this one, started later, has given up.
        expect(await varve.attempt('snapshot', source)).toMatchObject({ code: 11 })
        expect(await repository.snapshots()).toEqual([])
      })
      await waiting
      expect(await repository.snapshots()).toHaveLength(1)
    })
    expect(await problems()).toEqual([])
  })

  test('a prune during a snapshot fails with 11, or waits where it is told to, and both are whole', async () => {
    const { location, varve, withRepository, problems } = await scene()
    await varve.run('snapshot', source)
    const snapshot = spawn(process.execPath, [COMMAND, 'snapshot', '--stdin', '--stdin-filename', 'stream'], {
      env: { ...process.env, VARVE_REPOSITORY: location, VARVE_PASSWORD: PASSWORD },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    const ended = once(snapshot, 'exit')
    await withRepository(async ({ storage }) => {
      while ((await storage.list('lock')).length === 0) await new Promise(setImmediate)
    })
    snapshot.stdin.write(noise(1_000_000, 99))
    expect(await varve.attempt('prune', '1')).toMatchObject({ code: 11 })
    const pruning = varve.run('prune', '1', '--max-unused', '0', '--retry-lock', '2m')
    expect(await varve.attempt('prune', '1')).toMatchObject({ code: 11 })
    snapshot.stdin.end()
    expect(await ended).toEqual([0, null])
    await pruning
    expect(await problems()).toEqual([])
    expect(await withRepository((repository) => repository.snapshots())).toMatchObject([{ paths: ['/stream'] }])
  })

  test('the lock of a killed process keeps nobody out', async () => {
    const { location, varve, withRepository, problems } = await scene()
    const killed = spawn(process.execPath, [COMMAND, 'snapshot', '--stdin'], {
      env: { ...process.env, VARVE_REPOSITORY: location, VARVE_PASSWORD: PASSWORD },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    const ended = once(killed, 'exit')
    await withRepository(async ({ storage }) => {
      while ((await storage.list('lock')).length === 0) await new Promise(setImmediate)
    })
    killed.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
    await varve.run('prune')
    expect(await withRepository(({ storage }) => storage.list('lock'))).toEqual([])
    expect(await problems()).toEqual([])
  })
})
