import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { chunkSizes } from './chunks-of.ts'
import { pseudoRandom } from './pseudo-random.ts'

const POLYNOMIAL = 0x3da3358b4dc173n

describe('createChunker', () => {
  it('makes the chunker that is named', () => {
    const bytes = pseudoRandom(9, 5_000_000)
    expect(chunkSizes(createChunker({ kind: 'fixed', size: 2_000_000 }), bytes)).toEqual([
      2_000_000, 2_000_000, 1_000_000,
    ])
    const cuts = chunkSizes(createChunker({ kind: 'rabin', polynomial: POLYNOMIAL }), bytes)
    expect(new Set(cuts).size).toBe(cuts.length)
    expect(cuts.length).toBeGreaterThan(1)
  })

  it('makes chunkers that do not disturb each other', () => {
    const [one, other] = [POLYNOMIAL, 0x2482734cacca49n].map((polynomial) =>
      createChunker({ kind: 'rabin', polynomial }),
    )
    if (one === undefined || other === undefined) throw new Error('two were made')
    const bytes = pseudoRandom(10, 8_000_000)
    one.buffer.set(bytes)
    other.buffer.set(bytes.toReversed())
    const alone = createChunker({ kind: 'rabin', polynomial: POLYNOMIAL })
    alone.buffer.set(bytes)
    expect(one.cut(0, bytes.length)).toBe(alone.cut(0, bytes.length))
  })

  it('works in a worker thread', async () => {
    const url = new URL('../../src/chunking/create-chunker.ts', import.meta.url)
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       import(${JSON.stringify(url.href)}).then(({ createChunker }) => {
         const chunker = createChunker({ kind: 'rabin', polynomial: ${POLYNOMIAL}n })
         parentPort.postMessage(chunker.cut(0, 8 * 1024 * 1024))
       })`,
      { eval: true },
    )
    const cut = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await worker.terminate()
    expect(cut).toBe(512 * 1024)
  })
})
