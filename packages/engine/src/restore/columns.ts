/** Memory for a column, by the column's name and the bytes of each of its elements. */
export type ColumnMemory<Buffers extends ArrayBufferLike> = (name: string, bytesEach: number) => Buffers

type NamedColumns = Readonly<Record<string, { readonly buffer: ArrayBufferLike }>>

/** Memory for new columns of `capacity` elements. */
export function newMemory(capacity: number): ColumnMemory<ArrayBuffer> {
  return (_, bytesEach) => new ArrayBuffer(capacity * bytesEach)
}

/** The memory of some columns, for `capacity` elements. The columns are of no more use: unlike copies, this leaves nothing to collect. */
export function resizedMemory(columns: NamedColumns, capacity: number): ColumnMemory<ArrayBuffer> {
  return (name, bytesEach) => {
    const buffer = columns[name]?.buffer
    if (!(buffer instanceof ArrayBuffer)) throw new Error(`the column '${name}' cannot grow any more`)
    return buffer.transfer(capacity * bytesEach)
  }
}

/** The first `count` elements of some columns in memory that threads share. The columns are of no more use. */
export function sharedMemory(columns: NamedColumns, count: number): ColumnMemory<SharedArrayBuffer> {
  return (name, bytesEach) => {
    const bytes = resizedMemory(columns, count)(name, bytesEach)
    const shared = new SharedArrayBuffer(bytes.byteLength)
    new Uint8Array(shared).set(new Uint8Array(bytes))
    bytes.transfer(0)
    return shared
  }
}
