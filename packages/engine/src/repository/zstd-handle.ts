import { constants, type ZstdCompress, type ZstdDecompress } from 'node:zlib'

/** What a zstd stream of Node holds inside; no public API, hence the checks in {@link ZstdHandle.of}. */
interface NativeZstd {
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void
}

/** A failure that zstd reported. */
export class ZstdError extends Error {
  override readonly name = 'ZstdError'
}

/**
 * The native part of one zstd stream, written to again and again: Node's own calls build a stream each time, which takes longer than
 * compressing a small file does (20 against 7 µs for 1.2 KB).
 */
export class ZstdHandle {
  /** Owns the native part: it must live as long. */
  readonly #stream: ZstdCompress | ZstdDecompress
  readonly #native: NativeZstd
  /** What the native part writes after each call: bytes of output not used, bytes of input not read. */
  readonly #state: Uint32Array
  #failure: string | undefined

  private constructor(stream: ZstdCompress | ZstdDecompress, native: NativeZstd, state: Uint32Array) {
    this.#stream = stream
    this.#native = native
    this.#state = state
    // No event target: this is the one function that it calls.
    Object.assign(native, {
      onerror: (message: string) => {
        this.#failure = message
      },
    })
  }

  /**
   * The handle of a new stream, which from now on belongs to it.
   *
   * @param stream - never written to before
   * @param sample - something that the stream can take
   * @param expected - what the public call makes of the sample
   * @returns undefined where this Node is made differently or does not give the same bytes: use the public call then
   */
  static of(stream: ZstdCompress | ZstdDecompress, sample: Uint8Array, expected: Uint8Array): ZstdHandle | undefined {
    const native: unknown = Reflect.get(stream, '_handle')
    const state: unknown = Reflect.get(stream, '_writeState')
    if (!isNativeZstd(native) || !(state instanceof Uint32Array) || state.length !== 2) return undefined
    const handle = new ZstdHandle(stream, native, state)
    try {
      const output = Buffer.alloc(expected.length + 1)
      // Twice, since what matters is that nothing is left over from the call before; the second one must also report a lack of room.
      for (let round = 0; round < 2; round++) {
        const written = handle.write(sample, output)
        if (written !== expected.length || !output.subarray(0, written).equals(expected)) return undefined
        if (handle.write(sample, output.subarray(0, expected.length - 1)) !== undefined) return undefined
      }
      return handle
    } catch {
      return undefined
    }
  }

  /**
   * Puts all of `input` through as one frame.
   *
   * @returns bytes written to `output`, or undefined where it has no byte to spare: whether all is there cannot be told then
   * @throws ZstdError where zstd refuses the input
   */
  write(input: Uint8Array, output: Uint8Array): number | undefined {
    if (this.#stream.destroyed) throw new Error('the zstd stream has been destroyed')
    this.#failure = undefined
    this.#native.reset()
    this.#native.writeSync(constants.ZSTD_e_end, input, 0, input.length, output, 0, output.length)
    if (this.#failure !== undefined) throw new ZstdError(this.#failure)
    const [unused, unread] = this.#state
    if (unused === undefined || unread === undefined) throw new Error('zstd has no state')
    return unused === 0 || unread !== 0 ? undefined : output.length - unused
  }
}

function isNativeZstd(value: unknown): value is NativeZstd {
  return (
    typeof value === 'object' &&
    value !== null &&
    'reset' in value &&
    typeof value.reset === 'function' &&
    'writeSync' in value &&
    typeof value.writeSync === 'function'
  )
}
