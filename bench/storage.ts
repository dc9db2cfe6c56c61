/**
 * Measures storage with packs of 16 MiB: `node bench/storage.ts [--packs N] [--root FOLDER]`. Beside Varve's own, the bare cost of
 * writing and flushing the same files, with one call or in pieces, since that depends on the disk and on where the system's memory comes from.
 */
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { idOf, type Id } from '../packages/engine/src/repository/id.ts'
import { createStorage } from '../packages/engine/src/storage/open-storage.ts'
import type { Storage } from '../packages/engine/src/storage/storage.ts'

const MIB = 2 ** 20
const AT_ONCE = 3

const { values: options } = parseArgs({
  options: { packs: { type: 'string', default: '48' }, root: { type: 'string', default: tmpdir() } },
})
const packs = Number(options.packs)
const names = Array.from({ length: packs }, (_, n) => idOf(Buffer.from(`pack ${n}`)))
const pack = randomFillSync(new Uint8Array(16 * MIB))
const root = mkdtempSync(join(options.root, 'varve-bench-storage-'))

/** Seconds that some work takes. */
async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** Does something with each name, a few at once as a snapshot or a restore does. */
async function withEach(work: (name: Id) => Promise<unknown>): Promise<void> {
  const queue = names.values()
  const one = async (): Promise<void> => {
    for (const name of queue) await work(name)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

function megabytes(bytes: number, time: number): string {
  return `${Math.round(bytes / 1e6 / time)} MB/s`
}

/** Somewhere in a pack, elsewhere for each n. */
function range(n: number): { offset: number; length: number } {
  return { offset: (n * 317_333) % (15 * MIB), length: 4096 }
}

async function measure(name: string, storage: Storage): Promise<void> {
  const total = packs * pack.length
  await storage.save('config', '', Buffer.from('config'))
  // The first calls are not like the others.
  await storage.save('lock', idOf(pack), pack)
  await storage.load('lock', idOf(pack))
  await storage.remove('lock', idOf(pack))
  const saved = await seconds(() => withEach((id) => storage.save('pack', id, pack)))
  const loaded = await seconds(() => withEach((id) => storage.load('pack', id)))
  const ranges = 50
  const ranged = await seconds(() =>
    withEach(async (id) => {
      for (let n = 0; n < ranges; n++) await storage.load('pack', id, range(n))
    }),
  )
  const listed = await seconds(async () => void (await storage.list('pack')))
  const small = await seconds(() => withEach((id) => storage.save('index', id, pack.subarray(0, 1000))))
  const removed = await seconds(() => withEach((id) => storage.remove('pack', id)))
  const reclaimed = await seconds(async () => storage.reclaim?.())
  await storage.close()
  process.stdout.write(
    [
      name.padEnd(10),
      `save ${megabytes(total, saved)}`,
      `load ${megabytes(total, loaded)}`,
      `4 KiB range ${Math.round((ranged / packs / ranges) * 1e6)} µs`,
      `save 1 kB ${((small / packs) * 1000).toFixed(1)} ms`,
      `list ${(listed * 1000).toFixed(1)} ms`,
      `remove ${((removed / packs) * 1000).toFixed(1)} ms`,
      `reclaim ${(reclaimed * 1000).toFixed(0)} ms`,
    ].join(' | ') + '\n',
  )
}

/** @param step - bytes that a call writes */
async function measureDisk(step: number): Promise<void> {
  const folder = join(root, 'bare')
  mkdirSync(folder)
  const time = await seconds(async () => {
    for (const name of names) {
      const file = openSync(join(folder, name), 'w')
      for (let done = 0; done < pack.length;) done += writeSync(file, pack, done, Math.min(step, pack.length - done))
      fsyncSync(file)
      closeSync(file)
    }
  })
  rmSync(folder, { recursive: true })
  const speed = megabytes(packs * pack.length, time)
  process.stdout.write(`${'bare files'.padEnd(10)} | write ${step / 1024} KiB at a time, and fsync ${speed}\n`)
}

try {
  for (const step of [pack.length, 512 * 1024]) await measureDisk(step)
  await measure('directory', await createStorage(join(root, 'repository')))
  const path = join(root, 'backups.db')
  await measure('sqlite', await createStorage(path))
  process.stdout.write(`sqlite file in the end: ${statSync(path).size} bytes\n`)
  for (const step of [512 * 1024, pack.length]) await measureDisk(step)
} finally {
  rmSync(root, { recursive: true, force: true })
}
