import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPartial } from '../../src/repository/partial-snapshot.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { isTemporaryName } from '../../src/storage/durable-file.ts'
import { Clients } from './clients.ts'
import { folderDifferences } from './folder-differences.ts'
import { noRestic } from './restic.ts'

const PROCESS = fileURLToPath(new URL('./resumed-process.ts', import.meta.url))
/** Size of the folder in MiB; more takes longer and says more. */
const MIB = Number(process.env['VARVE_TEST_RESUME_MIB'] ?? 48)

const FILES = 384
const BYTES = MIB * 2 ** 20

const root = mkdtempSync(join(tmpdir(), 'varve-resume-'))
const source = join(root, 'source')
let clients: Clients

beforeAll(async () => {
  for (let number = 0; number < FILES; number++) {
    const folder = join(source, `folder ${Math.floor(number / 32)}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file ${number}`), randomFillSync(Buffer.allocUnsafe(BYTES / FILES)))
  }
  clients = await Clients.create('repository', root, root)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Finished {
  readonly id: string
  readonly resumed: readonly string[]
  readonly bytesRead: number
  readonly processRead: number
}

/** Whether it is time to kill the process, at so many bytes that are done. */
type KillRule = (bytesDone: number) => boolean

/** Runs a snapshot with checkpoints, and kills it when it is time; undefined where it was killed. */
async function runSnapshot(isTime: KillRule = () => false): Promise<Finished | undefined> {
  const { repository, password } = clients.settings
  const parameters = ['--conditions=varve-source', PROCESS, repository, password, source]
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  let finished: Finished | undefined
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const value = JSON.parse(line) as { readonly bytesDone?: number } | Finished
      if ('bytesRead' in value) finished = value
      else if (isTime(value.bytesDone ?? 0)) child.kill('SIGKILL')
    }
  })
  await new Promise((resolve) => child.on('close', resolve))
  return finished
}

function filesOf({ summary }: StoredSnapshot): number {
  return summary?.totalFilesProcessed ?? 0
}

/** What a killed snapshot has left, the fullest first: two of them where it was about to put one in the place of the one before. */
async function partialSnapshots(): Promise<readonly StoredSnapshot[]> {
  const all = await clients.withRepository((repository) => repository.snapshots())
  const partials = all.filter(isPartial)
  expect([1, 2]).toContain(partials.length)
  return partials.toSorted((one, other) => filesOf(other) - filesOf(one))
}

describe.skipIf(noRestic)('a first snapshot that is killed at 90 %', () => {
  test('leaves a partial snapshot that restic takes for any other; the next reads only what that has not', async () => {
    expect(await runSnapshot((bytesDone) => bytesDone >= 0.9 * BYTES)).toBeUndefined()
    const partials = await partialSnapshots()
    const [partial] = partials
    if (partial === undefined) throw new Error('there is no partial snapshot')
    // The killed process's lock stands in restic's way until somebody removes it.
    await clients.restic.run('unlock')
    expect(await clients.problems()).toEqual([])
    const [listed] = await clients.restic.json('snapshots')
    const asListed = partials.map(({ id }) => expect.objectContaining({ id, tags: ['varve-partial'] }) as unknown)
    expect(listed).toHaveLength(partials.length)
    expect(listed).toEqual(expect.arrayContaining(asListed))
    const target = join(root, 'partial')
    await clients.restic.run('restore', partial.id, '--target', target)
    const files = readdirSync(join(target, source), { recursive: true, encoding: 'utf8' }).filter((path) =>
      /file/.test(path),
    )
    process.stdout.write(
      `killed at 90 % of ${MIB} MiB in ${FILES} files: ${files.length} are in the partial snapshot\n`,
    )
    expect(files.length).toBeGreaterThan(FILES / 2)
    for (const file of files)
      expect(readFileSync(join(target, source, file)).equals(readFileSync(join(source, file)))).toBe(true)

    const next = await runSnapshot()
    const share = (bytes = 0): string => `${Math.round((bytes / BYTES) * 1000) / 10} %`
    process.stdout.write(
      `the next one read ${share(next?.bytesRead)} of the bytes; with program and repository its process read ${share(next?.processRead)}\n`,
    )
    expect(next?.resumed.toSorted()).toEqual(partials.map(({ id }) => id).toSorted())
    // How much that is, the speed of the disk decides; that nothing is read twice, nothing does.
    expect(next?.bytesRead).toBe(((FILES - files.length) * BYTES) / FILES)
    const left = await clients.withRepository((repository) => repository.snapshots())
    expect(left.map(({ id }) => id)).toEqual([next?.id])
    expect(await clients.problems()).toEqual([])
    await clients.restoreByRestic(join(root, 'whole'))
    expect(folderDifferences(source, join(root, 'whole', source))).toEqual([])
  })

  test('does not take the place of good ones when restic forgets or looks for the latest of the machine', async () => {
    const { restic } = clients
    const good = await clients.withRepository((repository) => repository.snapshots())
    for (let number = 0; number < 16; number++)
      writeFileSync(join(source, `new ${number}`), randomFillSync(Buffer.alloc(2 ** 20)))
    const snapshots = join(clients.settings.repository, 'snapshots')
    const isNew = (name: string): boolean => name !== good[0]?.id && !isTemporaryName(name)
    expect(await runSnapshot(() => readdirSync(snapshots).some(isNew))).toBeUndefined()
    await restic.run('unlock')
    await partialSnapshots()
    const all = await clients.withRepository((repository) => repository.snapshots())
    const [latest] = (await restic.json('snapshots', '--latest', '1', '--host', good[0]?.hostname ?? '')) as [
      readonly { readonly id: string }[],
    ]
    expect(latest.map(({ id }) => id)).toEqual(good.map(({ id }) => id))
    await restic.run('forget', '--keep-last', '1')
    expect(await clients.withRepository((repository) => repository.snapshots())).toEqual(all)
  })
})
