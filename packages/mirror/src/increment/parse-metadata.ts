import { VarveError } from '@varve/platform/errors'
import { CATALOGUE_END, CATALOGUE_START } from './metadata-format.ts'

/** Bytes of the longest metadata that is read as one string, some less than the longest string has characters. */
const LONGEST_WHOLE = 500 * 1024 * 1024

const NEWLINE = 0x0a

/** Metadata as JSON has it: nothing in it has been looked at. */
export interface RawMetadata {
  /** All but the catalogue. */
  readonly head: unknown
  /** Paths and what the catalogue says of them, in the order in which they are there. Can throw ERR_VARVE_DAMAGED on the way. */
  readonly entries: Iterable<readonly [string, unknown]>
}

/**
 * Takes metadata apart. What {@link encodeIncrement} wrote is read line by line, however long it is; what another program wrote, as a whole.
 *
 * @throws ERR_VARVE_DAMAGED; ERR_VARVE_TOO_LARGE
 */
export function parseMetadata(bytes: Uint8Array, what: string): RawMetadata {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = buffer.indexOf(CATALOGUE_START)
  // A newline never stands within a string of JSON: what looks like the start of the catalogue is nothing else, unless objects are nested deeper.
  if (start >= 0 && isOwnLayout(buffer, start)) {
    const head = parseJson(`${buffer.toString('utf8', 0, start)}\n  "file_catalog": {}\n}`, what)
    return { head, entries: readLines(buffer, start + CATALOGUE_START.length, what) }
  }
  if (buffer.length > LONGEST_WHOLE) {
    throw new VarveError('ERR_VARVE_TOO_LARGE', `${what} is too large to be read as a whole`)
  }
  const whole = parseJson(buffer.toString('utf8'), what)
  const catalogue = isRecord(whole) && isRecord(whole['file_catalog']) ? whole['file_catalog'] : {}
  return { head: whole, entries: Object.entries(catalogue) }
}

/** Whether each entry has a line of its own, and nothing but the end follows them. */
function isOwnLayout(buffer: Buffer, start: number): boolean {
  const first = start + CATALOGUE_START.length
  const end = buffer.length - CATALOGUE_END.length
  if (end < first || buffer.toString('latin1', end) !== CATALOGUE_END) return false
  return end === first || /\},?$/.test(buffer.toString('latin1', first, buffer.indexOf(NEWLINE, first)))
}

function* readLines(buffer: Buffer, start: number, what: string): Generator<readonly [string, unknown]> {
  const end = buffer.length - CATALOGUE_END.length
  for (let from = start; from < end;) {
    const newline = buffer.indexOf(NEWLINE, from)
    const isLast = newline + 1 >= end
    const line = buffer.toString('utf8', from, newline)
    if (!isLast && !line.endsWith(',')) throw damagedMetadata(what, 'it is no JSON')
    const entries = parseJson(`{${isLast ? line : line.slice(0, -1)}}`, what)
    yield* Object.entries(isRecord(entries) ? entries : {})
    from = newline + 1
  }
}

/** ERR_VARVE_DAMAGED for metadata. */
export function damagedMetadata(what: string, reason: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `${what} is damaged: ${reason}`, {
    hint: 'its files may be whole: rebuild the metadata from them',
  })
}

/** Whether something is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw damagedMetadata(what, 'it is no JSON')
  }
}
