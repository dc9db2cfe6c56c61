import { describe, expect, it } from 'vitest'
import type { BlockSums } from '../../src/rsync/block-sums.ts'
import { StreamReader } from '../../src/rsync/byte-stream.ts'
import { findBlocks } from '../../src/rsync/find-blocks.ts'
import { computeSignature } from '../../src/rsync/signature.ts'
import { pseudoRandom } from './pseudo-random.ts'

/** What was found, with literals as their lengths. */
async function found(sums: BlockSums, target: Uint8Array, lastBlockSize?: number): Promise<string[]> {
  const result: string[] = []
  for await (const each of findBlocks(sums, lastBlockSize, new StreamReader([target]))) {
    result.push(each.kind === 'copy' ? `copy ${each.offset}+${each.length}` : `literal ${each.bytes.length}`)
  }
  return result
}

describe('blocks', () => {
  const base = pseudoRandom(1, 100 * 1024)

  it('are found anywhere, in any order, and neighbours become one copy', async () => {
    const sums = await computeSignature([base], { blockSize: 1024 })
    const at = (from: number, to: number) => base.subarray(from * 1024, to * 1024)
    const target = Buffer.concat([at(90, 100), pseudoRandom(2, 77), at(3, 4), at(50, 90), at(50, 51)])
    expect(await found(sums, target)).toEqual([
      'copy 92160+10240',
      'literal 77',
      'copy 3072+1024',
      'copy 51200+40960',
      'copy 51200+1024',
    ])
  })

  it('are one copy where all of them are the same', async () => {
    const zeros = new Uint8Array(50 * 1024)
    expect(await found(await computeSignature([zeros], { blockSize: 1024 }), zeros)).toEqual(['copy 0+51200'])
  })

  it('include the last one, which is shorter, where the new file ends with it', async () => {
    const sums = await computeSignature([base.subarray(0, 10_000)], { blockSize: 1024 })
    const target = Buffer.concat([pseudoRandom(3, 300), base.subarray(9216, 10_000)])
    expect(await found(sums, target, 784)).toEqual(['literal 300', 'copy 9216+784'])
    expect(await found(sums, target)).toEqual(['literal 300', 'copy 9216+784'])
  })

  it('are not copied beyond the end of the old file, whatever the sums of its last block say', async () => {
    const sums = await computeSignature([base.subarray(0, 2048)], { blockSize: 1024 })
    expect(await found(sums, base.subarray(1024, 2048), 100)).toEqual(['literal 1024'])
  })

  it('are found across the pieces in which the target is read', async () => {
    const large = pseudoRandom(4, 3 * 1024 * 1024)
    const sums = await computeSignature([large], { blockSize: 4096 })
    const target = Buffer.concat([large.subarray(0, 1_048_000), Buffer.from('x'), large.subarray(1_048_000)])
    const copied = (await found(sums, target)).filter((each) => each.startsWith('copy'))
    expect(copied).toEqual(['copy 0+1044480', `copy 1048576+${3 * 1024 * 1024 - 1_048_576}`])
  })

  it('that look right everywhere and are not make the search neither wrong nor slow', async () => {
    const blockSize = 64 * 1024
    const zeros = new Uint8Array(4 * 1024 * 1024)
    const honest = await computeSignature([zeros], { blockSize })
    // the weak sum of zeros, and no strong hash that anything has
    const sums: BlockSums = { ...honest, strong: pseudoRandom(5, honest.strong.length) }
    const before = process.cpuUsage()
    expect((await found(sums, zeros)).every((each) => each.startsWith('literal'))).toBe(true)
    // at every place a hash of a block would be 250 GiB
    expect(process.cpuUsage(before).user).toBeLessThan(10_000_000)
  })

  it('with the same weak sum, or places in the table, are as many as an enemy likes', async () => {
    const honest = await computeSignature([new Uint8Array(6_400_000)], { blockSize: 64 })
    const sameSums: BlockSums = { ...honest, weak: honest.weak.fill(7), strong: pseudoRandom(6, honest.strong.length) }
    const before = process.cpuUsage()
    await found(sameSums, base)
    // multiples of what undoes the spreading, so that all belong in the first places
    const inverse = 0x0e8b2f51
    const sameHome: BlockSums = {
      ...sameSums,
      weak: Uint32Array.from(honest.weak, (_, i) => Math.imul(i % 4096, inverse) >>> 0),
    }
    await found(sameHome, base)
    expect(process.cpuUsage(before).user).toBeLessThan(10_000_000)
  })
})
