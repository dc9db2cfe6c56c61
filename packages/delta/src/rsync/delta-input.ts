import { VarveError } from '@varve/platform/errors'
import { StreamReader, type ByteStream } from './byte-stream.ts'

/** Bytes that are read at once. */
const PIECE = 128 * 1024

/** The bytes of a delta, read from the front to the end. That too few of them come is damage. */
export class DeltaInput {
  readonly #stream: StreamReader
  readonly #passed: (bytes: Uint8Array) => void
  readonly #buffer = new Uint8Array(PIECE)
  /** From `#passedTo` to `#start` lies what was taken and has not been passed on, up to `#end` what is yet to be taken. */
  #passedTo = 0
  #start = 0
  #end = 0

  /** @param passed - is given all that was taken, in order, at the latest when `pass` is called */
  constructor(delta: ByteStream, passed: (bytes: Uint8Array) => void = () => undefined) {
    this.#stream = new StreamReader(delta)
    this.#passed = passed
  }

  /** The next byte. `what` it is part of is for the error's message. Throws ERR_VARVE_DAMAGED where there is none. */
  async byte(what: string): Promise<number> {
    return (await this.some(1, what))[0] ?? 0
  }

  /** Exactly `length` bytes, few. They last until something is read again. */
  async exactly(length: number, what: string): Promise<Uint8Array> {
    while (this.#end - this.#start < length) await this.#more(what)
    this.#start += length
    return this.#buffer.subarray(this.#start - length, this.#start)
  }

  /** At least one byte and at most `greatest`, as many as are there. They last until something is read again. */
  async some(greatest: number, what: string): Promise<Uint8Array> {
    if (this.#start === this.#end) await this.#more(what)
    const from = this.#start
    this.#start = Math.min(this.#end, from + greatest)
    return this.#buffer.subarray(from, this.#start)
  }

  /** Throws ERR_VARVE_DAMAGED unless all has been taken. */
  async requireEnd(): Promise<void> {
    if (this.#start < this.#end || (await this.#stream.read(this.#buffer)) > 0) {
      throw damagedDelta('something follows its end')
    }
  }

  /** Passes on what was taken. */
  pass(): void {
    this.#passed(this.#buffer.subarray(this.#passedTo, this.#start))
    this.#passedTo = this.#start
  }

  /** Says that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#stream.close()
  }

  async #more(what: string): Promise<void> {
    this.pass()
    this.#buffer.copyWithin(0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#passedTo = 0
    const count = await this.#stream.read(this.#buffer.subarray(this.#end))
    if (count === 0) throw damagedDelta(`it ends before ${what} is complete`)
    this.#end += count
  }
}

/** Says in what way a delta is not what it should be. */
export function damagedDelta(what: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `the delta is damaged: ${what}`)
}

/**
 * Adds the bytes that an instruction makes to those before it.
 *
 * @throws ERR_VARVE_DAMAGED where it makes none, or the file would have more bytes than any has
 */
export function addLength(made: number, length: number): number {
  if (length === 0 || made + length > GREATEST_FILE_SIZE) throw damagedDelta(`an instruction is for ${length} bytes`)
  return made + length
}

/** Throws ERR_VARVE_DAMAGED where a copy goes beyond the old file. */
export function requireWithin(offset: number, length: number, baseSize: number): void {
  if (offset >= 0 && offset + length <= baseSize) return
  throw damagedDelta(`${length} bytes from ${offset} are wanted of an old file of ${baseSize} bytes`)
}

/** Bytes beyond which no file, copy or literal goes: twice as many still are a whole number in a varint. */
export const GREATEST_FILE_SIZE = 2 ** 52 - 1
