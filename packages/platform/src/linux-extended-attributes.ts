import type { ExtendedAttribute } from './platform.ts'
import { nameFromBytes, nameToBytes } from './file-name.ts'
import { ERRNO, type LibC, type NativeMemory } from './linux-libc.ts'
import type { ExtendedAttributes } from './platform.ts'
import { systemError } from './system-error.ts'

/** What most lists and values fit in. The kernel allocates as much as a call offers, so that offering more makes every call slower. */
const USUAL_SIZE = 1024

/** The kernel's bound on both a list of names and a value (XATTR_LIST_MAX, XATTR_SIZE_MAX in linux/limits.h). */
const LARGEST_SIZE = 65536

/** The kernel's bound on a name (XATTR_NAME_MAX), with a NUL. */
const NAME_SIZE = 256

const NONE: readonly ExtendedAttribute[] = Object.freeze([])

/** Extended attributes of Linux, read and set by path without following symbolic links (xattr(7)). */
export class LinuxExtendedAttributes implements ExtendedAttributes {
  readonly #libc: LibC
  readonly #name: NativeMemory
  #list: NativeMemory
  #value: NativeMemory

  constructor(libc: LibC) {
    this.#libc = libc
    this.#name = libc.allocate(NAME_SIZE)
    this.#list = libc.allocate(USUAL_SIZE)
    this.#value = libc.allocate(USUAL_SIZE)
  }

  /** See {@link ExtendedAttributes.read}. An attribute that vanishes between listing and reading is left out. */
  read(path: string): readonly ExtendedAttribute[] {
    const pathAddress = this.#libc.path(path)
    const length = this.#listNames(path, pathAddress)
    if (length === 0) return NONE
    const attributes: ExtendedAttribute[] = []
    for (let start = 0; start < length;) {
      const end = this.#list.bytes.indexOf(0, start)
      const value = this.#get(path, pathAddress, this.#list.address + BigInt(start))
      if (value !== undefined) attributes.push({ name: nameFromBytes(this.#list.bytes.subarray(start, end)), value })
      start = end + 1
    }
    return attributes
  }

  /** See {@link ExtendedAttributes.mayHave}. */
  mayHave(path: string): boolean {
    try {
      const length = this.#libc.llistxattr(this.#libc.path(path), 0n, 0n)
      return length > 0n || (length < 0n && !isWithout(this.#libc.errno()))
    } catch {
      return true
    }
  }

  /** See {@link ExtendedAttributes.replace}. Tries all of them before it throws; an attribute that already has its value is not set again. */
  replace(path: string, attributes: readonly ExtendedAttribute[]): void {
    const before = this.read(path)
    if (before.length === 0 && attributes.length === 0) return
    const pathAddress = this.#libc.path(path)
    const present = new Map(before.map((attribute) => [attribute.name, attribute.value]))
    const failures: Error[] = []
    for (const { name, value } of attributes) {
      const old = present.get(name)
      present.delete(name)
      const wanted = value ?? new Uint8Array()
      if (old && Buffer.compare(old, wanted) === 0) continue
      this.#attempt(failures, path, name, 'lsetxattr', (nameAddress) => {
        const memory = this.#putValue(wanted)
        return this.#libc.lsetxattr(pathAddress, nameAddress, memory.address, BigInt(wanted.length), 0)
      })
    }
    for (const name of present.keys()) {
      this.#attempt(failures, path, name, 'lremovexattr', (nameAddress) =>
        this.#libc.lremovexattr(pathAddress, nameAddress),
      )
    }
    if (failures[0] !== undefined) throw failures[0]
  }

  #attempt(failures: Error[], path: string, name: string, call: string, work: (nameAddress: bigint) => number): void {
    const bytes = nameToBytes(name)
    if (bytes.includes(0) || bytes.length >= NAME_SIZE) {
      failures.push(systemError(ERRNO.ERANGE, `${call} ${JSON.stringify(name)}`, path))
      return
    }
    this.#name.bytes.set(bytes)
    this.#name.bytes[bytes.length] = 0
    if (work(this.#name.address) === 0) return
    const errno = this.#libc.errno()
    if (call === 'lremovexattr' && errno === ERRNO.ENODATA) return
    failures.push(systemError(errno, `${call} ${JSON.stringify(name)}`, path))
  }

  #listNames(path: string, pathAddress: bigint): number {
    const length = this.#libc.llistxattr(pathAddress, this.#list.address, BigInt(this.#list.bytes.length))
    if (length >= 0n) return Number(length)
    const errno = this.#libc.errno()
    if (isWithout(errno)) return 0
    if (errno === ERRNO.ERANGE && this.#list.bytes.length < LARGEST_SIZE) {
      this.#list = this.#libc.allocate(LARGEST_SIZE)
      const again = this.#listNames(path, pathAddress)
      return again
    }
    throw systemError(errno, 'llistxattr', path)
  }

  /** A copy of a value; null where the file system lists the attribute but does not give it; undefined where it is gone. */
  #get(path: string, pathAddress: bigint, nameAddress: bigint): Uint8Array | null | undefined {
    const length = this.#libc.lgetxattr(pathAddress, nameAddress, this.#value.address, BigInt(this.#value.bytes.length))
    if (length >= 0n) return Uint8Array.from(this.#value.bytes.subarray(0, Number(length)))
    const errno = this.#libc.errno()
    if (errno === ERRNO.ENODATA) return undefined
    if (errno === ERRNO.EOPNOTSUPP) return null
    if (errno === ERRNO.ERANGE && this.#value.bytes.length < LARGEST_SIZE) {
      this.#value = this.#libc.allocate(LARGEST_SIZE)
      return this.#get(path, pathAddress, nameAddress)
    }
    throw systemError(errno, 'lgetxattr', path)
  }

  #putValue(value: Uint8Array): NativeMemory {
    if (value.length > this.#value.bytes.length) this.#value = this.#libc.allocate(value.length)
    this.#value.bytes.set(value)
    return this.#value
  }
}

/** Whether a list that could not be had is that of an entry without attributes. */
function isWithout(errno: number): boolean {
  return errno === ERRNO.EOPNOTSUPP || errno === ERRNO.ENODATA
}
