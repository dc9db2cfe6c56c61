import crypto from 'node:crypto'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import zlib from 'node:zlib'

/** What is counted: operations of Node and of the language that cost something each time, or for each byte. */
export type Operation =
  /** SHA-256 in one call or in several: bytes hashed. */
  | 'sha256'
  | 'createHash'
  /** Poly1305: bytes authenticated. */
  | 'poly1305'
  | 'createMac'
  /** AES in any mode: bytes put through. */
  | 'aes'
  | 'createCipheriv'
  /** Random bytes drawn. */
  | 'random'
  /** One frame made or read: bytes put in. */
  | 'zstd'
  /** A compressor or decompressor set up. */
  | 'zstd set up'
  /** Bytes copied from one array to another by whatever method. Loops over single bytes are not seen. */
  | 'copy'
  /** Memory for bytes that did not exist before, by the program or by what it calls. */
  | 'allocate'
  /** Text made of bytes. */
  | 'text'
  | `fs.${string}`

/** How often an operation was called, and on how many bytes in all. */
export interface Count {
  readonly calls: number
  readonly bytes: number
}

const FILE_CALLS = [
  ...(['openSync', 'readSync', 'fstatSync', 'closeSync', 'lstatSync', 'statSync', 'readFileSync'] as const),
  ...(['writeSync', 'ftruncateSync', 'fchownSync', 'fchmodSync', 'readlinkSync'] as const),
]

const ARRAYS = [Uint8Array, Uint16Array, Uint32Array, Int32Array, Float64Array, BigInt64Array, BigUint64Array]
const TYPED_ARRAY = Reflect.getPrototypeOf(Uint8Array.prototype) ?? {}

/** Notes what a call did. */
type Note = (args: readonly unknown[], result: unknown, self: unknown) => void

/** A function of an object, and what a call of it means. */
interface Counted {
  readonly owner: object
  readonly name: string
  readonly note: Note
}

/** What some work made, and what it did for it. */
export interface Work<Result> {
  readonly result: Result
  /** How much of an operation it did. */
  readonly did: (operation: Operation) => Count
}

function counted(owner: object, name: string, note: Note): Counted {
  return { owner, name, note }
}

/**
 * Does `work` and counts. All modules' calls are seen, whatever they imported and when, as the functions themselves are replaced
 * while `work` runs. Only what is called directly counts, not what Node does for it.
 */
export function countWork<Result>(work: () => Result): Work<Result> {
  const counts = new Map<Operation, Count>()
  const restores = countedFunctions((operation, bytes) => {
    const { calls, bytes: before } = counts.get(operation) ?? { calls: 0, bytes: 0 }
    counts.set(operation, { calls: calls + 1, bytes: before + bytes })
  }).map(outermostOnly({ depth: 0 }))
  syncBuiltinESMExports()
  try {
    const result = work()
    return { result, did: (operation) => counts.get(operation) ?? { calls: 0, bytes: 0 } }
  } finally {
    for (const restore of restores.toReversed()) restore()
    syncBuiltinESMExports()
  }
}

/** Replaces a function by one that notes its calls, but for those that another noted one makes. Returns what undoes it. */
function outermostOnly(calls: { depth: number }): (counted: Counted) => () => void {
  const noting = (note: Note, call: () => unknown, args: readonly unknown[], self: unknown): unknown => {
    calls.depth++
    try {
      const result = call()
      if (calls.depth === 1) note(args, result, self)
      return result
    } finally {
      calls.depth--
    }
  }
  return ({ owner, name, note }) => {
    const original: unknown = Reflect.get(owner, name)
    if (typeof original !== 'function') throw new Error(`nothing to count: there is no ${name}`)
    const replacement = new Proxy(original, {
      apply: (target, self, args) => noting(note, () => Reflect.apply(target, self, args), args, self),
      construct: (target, args, made) =>
        noting(note, () => Reflect.construct(target, args, made) as unknown, args, undefined) as object,
    })
    Object.defineProperty(owner, name, { value: replacement, writable: true, configurable: true })
    return () => void Object.defineProperty(owner, name, { value: original, writable: true, configurable: true })
  }
}

function countedFunctions(count: (operation: Operation, bytes: number) => void): readonly Counted[] {
  const input =
    (operation: Operation, at: number): Note =>
    (args, result) => {
      count(operation, lengthOf(args[at]))
      if (ArrayBuffer.isView(result)) count('allocate', result.byteLength)
    }
  const call =
    (operation: Operation): Note =>
    () =>
      count(operation, 0)
  return [
    counted(crypto, 'hash', input('sha256', 1)),
    counted(crypto, 'createHash', call('createHash')),
    counted(crypto.Hash.prototype, 'update', (args) => count('sha256', lengthOf(args[0]))),
    counted(crypto, 'createMac', call('createMac')),
    counted(macPrototype(), 'update', (args) => count('poly1305', lengthOf(args[0]))),
    counted(crypto, 'createCipheriv', call('createCipheriv')),
    counted(crypto.Cipheriv.prototype, 'update', input('aes', 0)),
    counted(crypto, 'randomFillSync', (args) => count('random', lengthOf(args[0]))),
    counted(crypto, 'randomBytes', (_, result) => count('random', lengthOf(result))),
    ...[zlib.createZstdCompress(), zlib.createZstdDecompress()].flatMap((stream) => [
      counted(nativePrototype(stream), 'writeSync', (args) => count('zstd', Number(args[3]))),
      counted(nativePrototype(stream), 'init', call('zstd set up')),
    ]),
    ...FILE_CALLS.map((name) => counted(fs, name, call(`fs.${name}`))),
    ...memoryFunctions(count),
  ]
}

function memoryFunctions(count: (operation: Operation, bytes: number) => void): readonly Counted[] {
  const copied: Note = (_, result) => count('copy', Number(result))
  const made: Note = (_, result) => count('allocate', lengthOf(result))
  const copiedAnew: Note = (_, result) => {
    count('allocate', lengthOf(result))
    count('copy', lengthOf(result))
  }
  /** Of a length, of what another array holds, or a view of memory that is there. */
  const filled: Note = (args, result) => {
    if (typeof args[0] === 'number') made(args, result, undefined)
    else if (!isMemory(args[0])) copiedAnew(args, result, undefined)
  }
  return [
    counted(TYPED_ARRAY, 'set', (args, _, self) => count('copy', elements(args[0]) * elementSize(self))),
    counted(TYPED_ARRAY, 'copyWithin', (args, _, self) => count('copy', movedWithin(args, self))),
    counted(TYPED_ARRAY, 'slice', copiedAnew),
    counted(Reflect.getPrototypeOf(Uint8Array) ?? {}, 'from', copiedAnew),
    counted(Buffer.prototype, 'copy', copied),
    counted(Buffer.prototype, 'write', copied),
    counted(Buffer.prototype, 'toString', (_, result) => count('text', String(result).length)),
    ...['alloc', 'allocUnsafe', 'allocUnsafeSlow'].map((name) => counted(Buffer, name, made)),
    ...['from', 'concat'].map((name) => counted(Buffer, name, filled)),
    ...[...ARRAYS, ArrayBuffer, SharedArrayBuffer].map((kind) => counted(globalThis, kind.name, filled)),
  ]
}

function macPrototype(): object {
  // The type definitions do not know it yet.
  const createMac: unknown = Reflect.get(crypto, 'createMac')
  if (typeof createMac !== 'function') throw new Error('this Node has no Poly1305')
  const mac: unknown = Reflect.apply(createMac, undefined, ['poly1305', Buffer.alloc(32, 1)])
  return Reflect.getPrototypeOf(mac as object) ?? {}
}

/** What all native parts of zstd streams like this one share. */
function nativePrototype(stream: object): object {
  const native: unknown = Reflect.get(stream, '_handle')
  return Reflect.getPrototypeOf(native as object) ?? {}
}

function isMemory(value: unknown): boolean {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return typeof value === 'object' && value !== null ? Number(Reflect.get(value, 'byteLength')) : 0
}

function elements(source: unknown): number {
  return Number(Reflect.get(source as object, 'length'))
}

function elementSize(array: unknown): number {
  return Number(Reflect.get(array as object, 'BYTES_PER_ELEMENT'))
}

function movedWithin([target, start = 0, end]: readonly unknown[], array: unknown): number {
  const length = elements(array)
  const last = Math.min(Number(end ?? length), length)
  return Math.min(last - Number(start), length - Number(target)) * elementSize(array)
}
