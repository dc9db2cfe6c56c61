import { execFile } from 'node:child_process'
import { createCipheriv, hash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { isIrreducible } from '../../src/chunking/polynomial.ts'
import { chunksOf } from '../chunking/chunks-of.ts'
import { noRestic, RESTIC } from './restic.ts'

const MIB = 1024 * 1024

/**
 * Writes a file of `size` bytes, a multiple of 4 MiB: noise, zeros, text, tables, repetitions of what came before, in
 * pieces of many sizes.
 */
function writeMixedFile(path: string, size: number): void {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const file = openSync(path, 'wx')
  try {
    const piece = Buffer.alloc(4 * MIB)
    const earlier = Buffer.from(noise.update(Buffer.alloc(3 * MIB + 4321)))
    for (let position = 0, round = 0; position < size; position += piece.length, round++) {
      const shift = (round * 7919) % MIB
      noise.update(Buffer.alloc(piece.length)).copy(piece)
      switch (round % 8) {
        case 1:
          piece.fill(0, shift, shift + 2 * MIB)
          break
        case 2:
          earlier.copy(piece, shift)
          break
        case 3:
          for (let at = shift, line = 0; at < shift + 2 * MIB; line++) {
            at += piece.write(`${line}: the quick brown fox jumps over the lazy dog ${round}\n`, at)
          }
          break
        case 4:
          for (let at = 0; at + 16 <= piece.length; at += 16) piece.writeUInt32LE(at + round, at)
          break
        case 5:
          piece.fill(piece.subarray(0, 1000 + round))
          break
        case 6:
          piece.fill(round)
          break
        default:
      }
      writeSync(file, piece)
    }
  } finally {
    closeSync(file)
  }
}

describe.skipIf(noRestic)('the Rabin chunker beside restic', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'varve-chunking-'))
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  async function restic(...parameters: readonly string[]): Promise<string> {
    const repository = join(folder, 'repository')
    const { stdout } = await promisify(execFile)(RESTIC, ['-r', repository, '--no-cache', ...parameters], {
      cwd: folder,
      env: { ...process.env, RESTIC_PASSWORD: 'x' },
      maxBuffer: 64 * MIB,
    })
    return stdout
  }

  async function resticChunks(file: string): Promise<readonly string[]> {
    await restic('backup', '--quiet', '--tag', file, file)
    const [snapshot] = JSON.parse(await restic('snapshots', '--json', '--tag', file)) as readonly {
      readonly tree: string
    }[]
    const tree = JSON.parse(await restic('cat', 'blob', snapshot?.tree ?? '')) as {
      readonly nodes: readonly { readonly name: string; readonly content: readonly string[] }[]
    }
    const node = tree.nodes.find(({ name }) => name === file)
    if (node === undefined) throw new Error(`restic did not save ${file}`)
    return node.content
  }

  function ourChunks(file: string, polynomial: bigint): readonly string[] {
    const chunker = createChunker({ kind: 'rabin', polynomial })
    const descriptor = openSync(join(folder, file), 'r')
    try {
      const chunks = chunksOf(chunker, (target) => readSync(descriptor, target, 0, target.length, null))
      return Array.from(chunks, (chunk) => hash('sha256', chunk))
    } finally {
      closeSync(descriptor)
    }
  }

  /** The ids of a mixed file's chunks, as both cut it for the polynomial of the repository. */
  async function cutByBoth(file: string, size: number): Promise<Record<'ours' | 'theirs', readonly string[]>> {
    writeMixedFile(join(folder, file), size)
    const config = JSON.parse(await restic('cat', 'config')) as { readonly chunker_polynomial: string }
    const polynomial = BigInt(`0x${config.chunker_polynomial}`)
    expect(isIrreducible(polynomial)).toBe(true)
    return { ours: ourChunks(file, polynomial), theirs: await resticChunks(file) }
  }

  it.each(['first', 'second'])(
    'cuts 64 MiB at the same places, for the %s polynomial that restic chose',
    async (name) => {
      await rm(join(folder, 'repository'), { recursive: true, force: true })
      await restic('init')
      const { ours, theirs } = await cutByBoth(name, 64 * MIB)
      expect(theirs.length).toBeGreaterThan(16)
      expect(ours).toEqual(theirs)
    },
  )

  it.runIf(process.env['VARVE_TEST_LARGE'] === '1')('cuts 1 GiB at the same places', async () => {
    const { ours, theirs } = await cutByBoth('large', 1024 * MIB)
    expect(theirs.length).toBeGreaterThan(256)
    expect(ours).toEqual(theirs)
  })
})
