import { toFsPath } from './file-name.ts'
import { loadNodeFfi, type NodeFfi } from './node-ffi.ts'
import { systemError } from './system-error.ts'

/** Error numbers of Linux that callers tell apart; the same on every architecture that Node runs on. */
export const ERRNO = { ERANGE: 34, ENAMETOOLONG: 36, ENODATA: 61, EOPNOTSUPP: 95 } as const

/** Memory with a fixed address that lasts as long as the object does. */
export interface NativeMemory {
  readonly bytes: Buffer
  readonly address: bigint
}

/**
 * The functions of the C library that Node has no counterpart for, named as there. Addresses stand for pointers. Every function returns
 * -1 where it failed; {@link LibC.errno}, asked at once, then says why.
 */
export interface LibC {
  /**
   * Puts a path into memory as a C string and returns its address, good until the next call.
   * Throws ENAMETOOLONG where the kernel would, and a TypeError (as `node:fs` does) for a path with a NUL.
   */
  readonly path: (path: string) => bigint
  readonly allocate: (bytes: number) => NativeMemory
  readonly errno: () => number
  readonly llistxattr: (path: bigint, list: bigint, size: bigint) => bigint
  readonly lgetxattr: (path: bigint, name: bigint, value: bigint, size: bigint) => bigint
  readonly lsetxattr: (path: bigint, name: bigint, value: bigint, size: bigint, flags: number) => number
  readonly lremovexattr: (path: bigint, name: bigint) => number
  readonly utimensat: (folder: number, path: bigint, times: bigint, flags: number) => number
  readonly futimens: (fd: number, times: bigint) => number
  readonly mkfifo: (path: bigint, mode: number) => number
  readonly syncfs: (fd: number) => number
  /** Undefined with glibc before 2.33, which had it as a macro. */
  readonly mknod: ((path: bigint, mode: number, device: bigint) => number) | undefined
}

/** A C library, or why it cannot be reached. */
export type LibCResult = { readonly libc: LibC } | { readonly missing: string }

/** The longest path that the kernel takes, in bytes, with its NUL. */
const PATH_MAX = 4096

/** glibc; then whatever the process itself is linked with; then musl by its own names. */
const LIBRARIES = ['libc.so.6', null, 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'] as const

/** Where `time_t`, `long` and `size_t` have 64 bits, as the signatures and structures here take for granted. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'ppc64', 's390x', 'riscv64', 'loong64']

let loaded: LibCResult | undefined

/** The C library of a Linux system, through Node's foreign function interface; loaded once per thread. Never throws. */
export function linuxLibC(): LibCResult {
  loaded ??= load()
  return loaded
}

function load(): LibCResult {
  if (!ARCHITECTURES.includes(process.arch))
    return { missing: `calls into the C library are not made on ${process.arch}` }
  const ffi = loadNodeFfi()
  if (ffi === undefined) return { missing: 'this Node has no foreign function interface (node:ffi)' }
  let reason = ''
  for (const library of LIBRARIES) {
    try {
      return { libc: bind(ffi, library) }
    } catch (error) {
      // The first library is the one that should have worked; what the others say would only puzzle.
      reason ||= error instanceof Error ? error.message : String(error)
    }
  }
  return { missing: `the C library cannot be reached: ${reason}` }
}

function bind(ffi: NodeFfi, libraryPath: string | null): LibC {
  const { functions, lib: library } = ffi.dlopen(libraryPath, {
    llistxattr: { return: 'int64', arguments: ['pointer', 'pointer', 'uint64'] },
    lgetxattr: { return: 'int64', arguments: ['pointer', 'pointer', 'pointer', 'uint64'] },
    lsetxattr: { return: 'int32', arguments: ['pointer', 'pointer', 'pointer', 'uint64', 'int32'] },
    lremovexattr: { return: 'int32', arguments: ['pointer', 'pointer'] },
    utimensat: { return: 'int32', arguments: ['int32', 'pointer', 'pointer', 'int32'] },
    futimens: { return: 'int32', arguments: ['int32', 'pointer'] },
    mkfifo: { return: 'int32', arguments: ['pointer', 'uint32'] },
    syncfs: { return: 'int32', arguments: ['int32'] },
  })
  // Fixed for a thread. Asking for it only after a failed call would leave room for something else to fail in between.
  const errnoAddress = library.getFunction('__errno_location', { return: 'pointer', arguments: [] })()
  const allocate = (bytes: number): NativeMemory => {
    // Memory of an explicit ArrayBuffer is outside the heap that the garbage collector moves things in, however small it is.
    const memory = Buffer.from(new ArrayBuffer(bytes))
    return { bytes: memory, address: ffi.getRawPointer(memory) }
  }
  const pathMemory = allocate(PATH_MAX)
  return {
    ...functions,
    mknod: bindMknod(library),
    allocate,
    errno: () => ffi.getInt32(errnoAddress),
    path: (path) => {
      writePath(path, pathMemory.bytes)
      return pathMemory.address
    },
  }
}

function bindMknod(library: InstanceType<NodeFfi['DynamicLibrary']>): LibC['mknod'] {
  try {
    return library.getFunction('mknod', { return: 'int32', arguments: ['pointer', 'uint32', 'uint64'] })
  } catch {
    return undefined
  }
}

function writePath(path: string, target: Buffer): void {
  if (path.includes('\0')) {
    throw Object.assign(new TypeError(`the path ${JSON.stringify(path)} has a NUL in it`), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  }
  const bytes = path.isWellFormed() ? path : toFsPath(path)
  // A string of a third of the room fits in whatever its characters are; only longer ones must be measured.
  if (path.length * 3 >= target.length && Buffer.byteLength(bytes) >= target.length) {
    throw systemError(ERRNO.ENAMETOOLONG, 'open', path)
  }
  const length = typeof bytes === 'string' ? target.write(bytes, 'utf8') : bytes.copy(target)
  target[length] = 0
}
