import { basename } from 'node:path'
import { describeError, isVarveError, type LongCall, type Progress } from '@varve/platform'
import { breathe } from '@varve/platform'
import { hashFile } from '../increment/hash-file.ts'
import type { TrackedState } from '../increment/increment.ts'
import { loadIncrement, metadataPath } from '../increment/load-increment.ts'
import type { LoadedIncrement } from '../increment/loaded-increment.ts'
import { CATEGORIES, keptStates } from '../increment/metadata-format.ts'
import { readNames } from '../increment/read-names.ts'
import { filesOf, linkTarget, type IncrementFile } from './increment-files.ts'
import { isReplacedMetadata } from './replaced-metadata.ts'

/** What is wrong at a path of an increment. */
export interface Finding {
  /** Relative to the increment's folder; empty for the increment itself. */
  readonly path: string
  /** `metadata`: it cannot be read, and so nothing is known of the files. `kind`: a link, say, where a file should be. */
  readonly kind: 'metadata' | 'missing' | 'extra' | 'kind' | 'size' | 'time' | 'hash' | 'target' | 'unreadable'
  /** One sentence without the path. */
  readonly message: string
}

/** How an increment was found. */
export interface Validation {
  /** Its folder's name. */
  readonly name: string
  /** Nothing where it is whole. */
  readonly findings: readonly Finding[]
  /** Files that are there with the right size. */
  readonly filesChecked: number
  /** Bytes that were read. */
  readonly bytesRead: number
  /** Files of which no hash is known, so that nobody can tell whether their content is right: those of the original program. */
  readonly filesWithoutHash: number
}

/** How an increment is validated. */
export interface ValidationOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /** Whether contents are read and hashed. Default: yes. */
  readonly readsContent?: boolean | undefined
}

/** How far times may be apart, in nanoseconds: the coarsest file system keeps every second one. */
const SAME_TIME = 2_000_000_000n

/** Milliseconds between two reports. */
const REPORT_EVERY = 200

interface Expected {
  readonly type: TrackedState['type']
  readonly size: number | undefined
  readonly mtime: bigint | undefined
  readonly hash: string | undefined
  readonly target: string | undefined
}

/**
 * Validates an increment on its own, wherever it lies: whether all is there that its metadata names, as it says, and nothing else.
 *
 * @param folder - absolute path of the increment's folder
 * @throws ERR_VARVE_ABORTED; ERR_VARVE_STORAGE where its folders cannot be read
 */
export async function validateIncrement(folder: string, options: ValidationOptions = {}): Promise<Validation> {
  const name = basename(folder)
  let loaded
  try {
    loaded = await loadIncrement(folder)
  } catch (error) {
    if (!isVarveError(error)) throw error
    const finding: Finding = { path: '', kind: 'metadata', message: describeError(error) }
    return { name, findings: [finding], filesChecked: 0, bytesRead: 0, filesWithoutHash: 0 }
  }
  return await new Validator(folder, loaded, options).run()
}

class Validator {
  readonly #folder: string
  readonly #options: ValidationOptions
  readonly #name: string
  readonly #expected: Map<string, Expected>
  readonly #around = new Set<string>()
  readonly #findings: Finding[] = []
  readonly #total: number
  #files = 0
  #bytes = 0
  #withoutHash = 0
  #reported = 0

  constructor(folder: string, loaded: LoadedIncrement, options: ValidationOptions) {
    this.#folder = folder
    this.#name = loaded.name
    this.#options = options
    this.#expected = new Map(expectedOf(loaded))
    this.#total = this.#expected.size
    for (const place of [...this.#expected.keys(), ...deletedPlaces(loaded)]) {
      for (let slash = place.lastIndexOf('/'); slash > 0; slash = place.lastIndexOf('/', slash - 1)) {
        this.#around.add(place.slice(0, slash))
      }
    }
  }

  async run(): Promise<Validation> {
    this.#checkFolder()
    for (const file of filesOf(this.#folder)) {
      await breathe(this.#options.signal)
      await this.#check(file)
      this.#report(file.path)
    }
    for (const [path, { type }] of this.#expected) {
      this.#find(path, 'missing', `the ${NAMES[type]} is not there`)
    }
    this.#report(undefined)
    return {
      name: this.#name,
      findings: this.#findings,
      filesChecked: this.#files,
      bytesRead: this.#bytes,
      filesWithoutHash: this.#withoutHash,
    }
  }

  #checkFolder(): void {
    const own: ReadonlySet<string> = new Set([...CATEGORIES, basename(metadataPath(this.#folder))])
    for (const name of readNames(this.#folder)) {
      if (!own.has(name) && !isReplacedMetadata(name)) this.#find(name, 'extra', 'it does not belong to the increment')
    }
  }

  async #check({ category, path, stats }: IncrementFile): Promise<void> {
    const place = `${category}/${path}`
    const expected = this.#expected.get(place)
    this.#expected.delete(place)
    if (expected === undefined) {
      if (!stats.isDirectory() || !this.#around.has(place)) this.#find(place, 'extra', 'the metadata does not name it')
      return
    }
    const type = stats.isFile() ? 'file' : stats.isDirectory() ? 'dir' : stats.isSymbolicLink() ? 'symlink' : undefined
    if (type !== expected.type) return this.#find(place, 'kind', `it is no ${NAMES[expected.type]}`)
    if (type === 'symlink') {
      const target = linkTarget(`${this.#folder}/${place}`)
      if (target !== expected.target) this.#find(place, 'target', `it points to '${target}', not '${expected.target}'`)
    } else if (type === 'file') await this.#checkFile(place, expected, stats.size, stats.mtimeNs)
  }

  async #checkFile(place: string, { size, mtime, hash }: Expected, found: bigint, time: bigint): Promise<void> {
    if (size !== undefined && found !== BigInt(size)) {
      return this.#find(place, 'size', `it has ${found} bytes, not ${size}`)
    }
    this.#files++
    const shift = mtime === undefined ? 0n : time - mtime
    if (shift >= SAME_TIME || shift <= -SAME_TIME) this.#find(place, 'time', 'it was modified at another time')
    if (hash === undefined) this.#withoutHash++
    if (this.#options.readsContent === false) return
    try {
      const content = await hashFile(`${this.#folder}/${place}`, this.#options.signal)
      this.#bytes += content.size
      if (hash !== undefined && content.hash !== hash) this.#find(place, 'hash', 'its content is damaged')
    } catch (error) {
      if (isVarveError(error, 'ERR_VARVE_ABORTED')) throw error
      this.#find(place, 'unreadable', describeError(error))
    }
  }

  #find(path: string, kind: Finding['kind'], message: string): void {
    this.#findings.push({ path, kind, message })
  }

  #report(current: string | undefined): void {
    const now = performance.now()
    if (current !== undefined && now - this.#reported < REPORT_EVERY) return
    this.#reported = now
    const progress: Progress = {
      phase: 'validating',
      filesDone: this.#total - this.#expected.size,
      filesTotal: this.#total,
      bytesDone: this.#bytes,
      bytesTotal: undefined,
      current: current === undefined ? [] : [current],
      errors: this.#findings.length,
    }
    this.#options.onProgress?.(progress)
  }
}

const NAMES = { file: 'file', dir: 'folder', symlink: 'symbolic link' } as const

function* expectedOf(loaded: LoadedIncrement): Generator<readonly [string, Expected]> {
  if (loaded.origin === 'original') {
    for (const { category, path, size, mtime } of loaded.files) {
      yield [`${category}/${path}`, { type: 'file', size, mtime, hash: undefined, target: undefined }]
    }
    return
  }
  for (const entry of loaded.increment.entries) {
    for (const { category, state } of keptStates(entry)) {
      const { type, mtime } = state
      const [size, hash] = type === 'file' ? [state.size, state.hash] : []
      const target = type === 'symlink' ? state.target : undefined
      yield [`${category}/${entry.path}`, { type, size, mtime, hash, target }]
    }
  }
}

/** Where content was that has been deleted since: the folders around it stay. */
function* deletedPlaces(loaded: LoadedIncrement): Generator<string> {
  if (loaded.origin === 'original') return
  for (const { path, isContentDeleted } of loaded.increment.entries) {
    if (isContentDeleted === true) for (const category of CATEGORIES) yield `${category}/${path}`
  }
}
