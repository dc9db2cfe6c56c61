import { hash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EntryRow, EntryTable, EntryTableBuilder } from '../../src/scan/entry-table.ts'
import { decodeState, encodeState } from '../../src/state/state-file.ts'

const ROWS: readonly (readonly [string, EntryRow])[] = [
  ['', row({ kind: 'dir', mode: 0o755, tracked: true })],
  ['a', row({ hash: new Uint8Array(32).fill(7), tracked: true, size: 5_000_000_000, mtime: -1n, doubtful: true })],
  ['b\udcff', row({ kind: 'symlink', mode: 0o777, target: '../\udcfe' })],
  ['c', row({ uid: 4_294_967_294, gid: 12 })],
  ['d', row({ kind: 'symlink', target: '' })],
]

function row(some: Partial<EntryRow>): EntryRow {
  const rest = { uid: 0, gid: 0, tracked: false, doubtful: false, target: undefined, hash: undefined }
  return { kind: 'file', mode: 0o4644, size: 0, mtime: 1_700_000_000_000_000_001n, ...rest, ...some }
}

function tableOf(rows: typeof ROWS): EntryTable {
  const builder = new EntryTableBuilder(true)
  for (const [path, each] of rows) builder.add(path, each)
  return new EntryTable(builder.finish())
}

const BYTES = encodeState({ table: tableOf(ROWS), increment: 'backup_20260101_120000', publishing: undefined })

/** Bytes whose hash is right, whatever they say. */
function sealed(content: string): Buffer {
  return Buffer.concat([Buffer.from(content), hash('sha256', content, 'buffer')])
}

describe('the state of a mirror', () => {
  it('comes back as it was', () => {
    const state = decodeState(BYTES)
    expect(state?.increment).toBe('backup_20260101_120000')
    expect(state?.table.paths).toEqual(ROWS.map(([path]) => path))
    expect(ROWS.map(([path]) => state?.table.find(path))).toEqual(ROWS.map(([, each]) => each))
  })

  it('of an empty mirror comes back', () => {
    const bytes = encodeState({ table: tableOf([]), increment: undefined, publishing: 'backup_20260101_120000_2' })
    expect(decodeState(bytes)).toMatchObject({ increment: undefined, publishing: 'backup_20260101_120000_2' })
    expect(decodeState(bytes)?.table.length).toBe(0)
  })

  it('is not taken for one when a byte is wrong', () => {
    fc.assert(
      fc.property(fc.nat(BYTES.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = Buffer.from(BYTES)
        bytes[at] = (bytes[at] ?? 0) ^ by
        expect(decodeState(bytes)).toBeUndefined()
      }),
    )
  })

  it('is not taken for one when its end is missing', () => {
    for (let length = 0; length < BYTES.length; length++) {
      expect(decodeState(BYTES.subarray(0, length)), `${length} bytes`).toBeUndefined()
    }
  })

  it.each([
    'varve mirror state 1\nno JSON\n',
    'varve mirror state 1\n{"entries":1e15,"pathBytes":0,"targetBytes":0}\n',
    'varve mirror state 1\n{"entries":0,"pathBytes":3,"targetBytes":0}\n',
    'varve mirror state 1\n{"entries":0,"pathBytes":0,"targetBytes":0,"increment":"../etc"}\n',
    'varve mirror state 2\n{"entries":0,"pathBytes":0,"targetBytes":0}\n',
  ])('is not what somebody else sealed: %j', (content) => {
    expect(decodeState(sealed(content))).toBeUndefined()
  })
})
