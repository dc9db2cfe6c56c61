const NANOSECONDS = 1_000_000_000n

/** What a plan knows of its entries, a column a thing, in memory that threads share: 79 bytes an entry. */
export type EntryColumns = ReturnType<typeof makeEntryColumns>

/** Columns with room for `capacity` entries. */
export function makeEntryColumns(capacity: number) {
  const bytes = () => new Uint8Array(new SharedArrayBuffer(capacity))
  const integers = () => new Uint32Array(new SharedArrayBuffer(capacity * 4))
  const numbers = () => new Float64Array(new SharedArrayBuffer(capacity * 8))
  return {
    parent: integers(),
    name: integers(),
    type: bytes(),
    action: bytes(),
    marks: bytes(),
    size: numbers(),
    firstPiece: integers(),
    endPiece: integers(),
    pending: integers(),
    link: integers(),
    attributes: integers(),
    mode: integers(),
    uid: integers(),
    gid: integers(),
    mtime: numbers(),
    mtimeFraction: integers(),
    atime: numbers(),
    atimeFraction: integers(),
  }
}

/** A copy with room for `capacity` entries. */
export function growEntryColumns(columns: EntryColumns, capacity: number): EntryColumns {
  const larger = makeEntryColumns(capacity)
  for (const key of Object.keys(columns) as (keyof EntryColumns)[]) larger[key].set(columns[key])
  return larger
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
