import type { ColumnMemory } from './columns.ts'

const NANOSECONDS = 1_000_000_000n

/** What a plan knows of its entries, a column a thing: 79 bytes an entry. */
export type EntryColumns = ReturnType<typeof makeEntryColumns>

/** Columns of so many elements in given memory. */
export function makeEntryColumns(memory: ColumnMemory, capacity: number) {
  const bytes = (name: string) => new Uint8Array(memory(name, 1), 0, capacity)
  const integers = (name: string) => new Uint32Array(memory(name, 4), 0, capacity)
  const numbers = (name: string) => new Float64Array(memory(name, 8), 0, capacity)
  return {
    parent: integers('parent'),
    name: integers('name'),
    type: bytes('type'),
    action: bytes('action'),
    marks: new Uint8Array(memory('marks', 1, true), 0, capacity),
    size: numbers('size'),
    firstPiece: integers('firstPiece'),
    endPiece: integers('endPiece'),
    pending: new Uint32Array(memory('pending', 4, true), 0, capacity),
    link: integers('link'),
    attributes: integers('attributes'),
    mode: integers('mode'),
    uid: integers('uid'),
    gid: integers('gid'),
    mtime: numbers('mtime'),
    mtimeFraction: integers('mtimeFraction'),
    atime: numbers('atime'),
    atimeFraction: integers('atimeFraction'),
  }
}

/** Keeps nanoseconds since 1970. Seconds and the rest apart: together they fit neither a double nor, for years after 2262, 64 bits. */
export function putTime(seconds: Float64Array, fractions: Uint32Array, entry: number, time: bigint): void {
  const remainder = time % NANOSECONDS
  const fraction = remainder < 0n ? remainder + NANOSECONDS : remainder
  seconds[entry] = Number((time - fraction) / NANOSECONDS)
  fractions[entry] = Number(fraction)
}

/** What {@link putTime} kept. */
export function getTime(seconds: Float64Array, fractions: Uint32Array, entry: number): bigint {
  return BigInt(seconds[entry] ?? 0) * NANOSECONDS + BigInt(fractions[entry] ?? 0)
}
