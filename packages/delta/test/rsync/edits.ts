import * as fc from 'fast-check'

/** A change to bytes; positions and lengths are taken modulo what is there. */
export interface Edit {
  readonly kind: 'overwrite' | 'insert' | 'delete' | 'move' | 'swap' | 'duplicate' | 'truncate'
  readonly from: number
  readonly length: number
  readonly to: number
  readonly bytes: Uint8Array
}

/** Any change to a file of about `size` bytes. */
export function anyEdit(size: number): fc.Arbitrary<Edit> {
  return fc.record({
    kind: fc.constantFrom('overwrite', 'insert', 'delete', 'move', 'swap', 'duplicate', 'truncate'),
    from: fc.nat(size),
    length: fc.nat(Math.ceil(size / 3)),
    to: fc.nat(size),
    bytes: fc.uint8Array({ maxLength: 300 }),
  })
}

/** What becomes of `content` by the edits, one after the other. */
export function edited(content: Uint8Array, edits: readonly Edit[]): Uint8Array {
  return edits.reduce<Uint8Array>(apply, content)
}

function apply(content: Uint8Array, { kind, from, length, to, bytes }: Edit): Uint8Array {
  const start = from % (content.length + 1)
  const end = Math.min(content.length, start + length)
  const before = content.subarray(0, start)
  const part = content.subarray(start, end)
  const after = content.subarray(end)
  const rest = kind === 'move' ? Buffer.concat([before, after]) : content
  const place = to % (rest.length + 1)
  const results: Readonly<Record<Edit['kind'], readonly Uint8Array[]>> = {
    overwrite: [before, bytes, content.subarray(Math.min(content.length, start + bytes.length))],
    insert: [before, bytes, part, after],
    delete: [before, after],
    move: [rest.subarray(0, place), part, rest.subarray(place)],
    swap: [after, part, before],
    duplicate: [rest.subarray(0, place), part, rest.subarray(place)],
    truncate: [before],
  }
  return Buffer.concat(results[kind])
}
