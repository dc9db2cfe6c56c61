import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/repository/id.ts'
import { decodeIndex, encodeIndex } from '../../src/repository/index-file.ts'
import { imaginaryPack, randomId } from './test-packs.ts'

const name = randomId()
const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })
const id = 'ab'.repeat(32) as Id
const blob = { id, type: 'data', offset: 0, length: 100 }

function decode(value: unknown): ReturnType<typeof decodeIndex> {
  return decodeIndex(Buffer.from(JSON.stringify(value)), name)
}

describe('index files', () => {
  it('are written as restic does', () => {
    const blobs = [
      { type: 'data' as const, id, offset: 0, length: 90, uncompressedLength: 1000 },
      { type: 'tree' as const, id, offset: 90, length: 33, uncompressedLength: 0 },
    ]
    expect(encodeIndex([{ id, blobs }]).toString()).toBe(
      `{"packs":[{"id":"${id}","blobs":[{"id":"${id}","type":"data","offset":0,"length":90,"uncompressed_length":1000},` +
        `{"id":"${id}","type":"tree","offset":90,"length":33}]}]}\n`,
    )
  })

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 10 }), (sizes) => {
        const packs = sizes.map((size) => imaginaryPack(size, size % 2 === 0 ? 'data' : 'tree'))
        expect(decodeIndex(encodeIndex(packs), name)).toEqual(packs)
      }),
    )
  })

  it('have room for the largest numbers, and for packs without blobs', () => {
    const largest = {
      type: 'data' as const,
      id,
      offset: 2 ** 32 - 1,
      length: 2 ** 32 - 1,
      uncompressedLength: 2 ** 32 - 1,
    }
    for (const blobs of [[largest], [largest, largest, largest], []]) {
      const packs = Array.from({ length: 3 }, () => ({ id, blobs }))
      expect(decodeIndex(encodeIndex(packs), name)).toEqual(packs)
    }
  })

  it('may have fields of other programs and times', () => {
    const pack = { id, blobs: [{ ...blob, uncompressed_length: 0, colour: 'red' }], time: '2020', size: 5 }
    expect(decode({ supersedes: [id], packs: [pack], packs_to_delete: [{ id, blobs: [blob], time: 'x' }] })).toEqual([
      { id, blobs: [{ ...blob, uncompressedLength: 0 }] },
    ])
    expect(decode({ packs: null })).toEqual([])
    expect(decode({})).toEqual([])
    expect(decode({ packs: [{ id, blobs: null }] })).toEqual([{ id, blobs: [] }])
  })

  it.each([
    { packs: {} },
    { packs: 'x' },
    { packs: [null] },
    { packs: [[]] },
    { packs: [{ blobs: [] }] },
    { packs: [{ id: 'ab', blobs: [] }] },
    { packs: [{ id: id.toUpperCase(), blobs: [] }] },
    { packs: [{ id, blobs: 5 }] },
    ...[
      null,
      { ...blob, id: undefined },
      { ...blob, id: 5 },
      { ...blob, type: 'other' },
      { ...blob, type: undefined },
      { ...blob, offset: -1 },
      { ...blob, offset: 2 ** 32 },
      { ...blob, offset: 0.5 },
      { ...blob, offset: '0' },
      { ...blob, length: 31 },
      { ...blob, length: 2 ** 32 },
      { ...blob, length: undefined },
      { ...blob, uncompressed_length: -1 },
      { ...blob, uncompressed_length: 2 ** 32 },
      { ...blob, uncompressed_length: null },
    ].map((bad) => ({ packs: [{ id, blobs: [blob, bad] }] })),
  ])('are refused: %j', (value) => {
    expect(() => decode(value)).toThrow(damaged)
    expect(() => decode(value)).toThrow(`index ${name} is damaged: `)
  })

  it('are refused when they are not JSON, or no object', () => {
    for (const text of ['', '{', '[]', 'null', '5', '{"packs":[{"id":', '\u0000\u0001']) {
      expect(() => decodeIndex(Buffer.from(text), name)).toThrow(damaged)
    }
  })

  it('are refused, or read as something else, when cut off anywhere', () => {
    const whole = encodeIndex([imaginaryPack(2)])
    for (let length = 0; length < whole.length - 1; length++) {
      expect(() => decodeIndex(whole.subarray(0, length), name)).toThrow(damaged)
    }
  })
})
