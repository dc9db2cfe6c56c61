import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { noise } from '../fixtures/repository-fixture.ts'
import type { Random } from '../fuzz/random.ts'

/** Contents that folders have in common, so that they deduplicate against each other. */
const SHARED_CONTENTS = 40
const MOST_FILES = 60
const SIZES = [0, 10, 1_000, 20_000, 150_000, 900_000, 4_000_000]

/** A folder that somebody works in. All that happens in it follows from its random numbers. */
export class SourceFolder {
  readonly path: string
  readonly #random: Random
  readonly #files = new Set<string>()
  #made = 0

  constructor(path: string, random: Random) {
    this.path = path
    this.#random = random
    mkdirSync(path, { recursive: true })
    for (let i = 0; i < 20; i++) this.#add()
  }

  /** Changes a few things. */
  evolve(): void {
    for (let count = this.#random.below(8) + 1; count > 0; count--) this.#change()
  }

  #change(): void {
    const file = this.#pickFile()
    const kind = this.#random.below(10)
    if (file === undefined || (kind < 4 && this.#files.size < MOST_FILES)) return this.#add()
    const path = join(this.path, file)
    if (kind < 5) appendFileSync(path, noise(this.#random.below(50_000) + 1, this.#random.below(1000)))
    else if (kind < 6) truncateSync(path, Math.floor(statSync(path).size / 2))
    else if (kind < 7) this.#rename(file)
    else if (kind < 8) chmodSync(path, this.#random.below(2) === 0 ? 0o600 : 0o755)
    else if (kind < 9) utimesSync(path, 1_600_000_000, 1_700_000_000 + this.#random.below(1_000_000))
    else this.#remove(file)
  }

  #add(): void {
    const number = this.#made++
    const folder = join(...['a', 'b c', 'ä'].slice(0, this.#random.below(4)), `folder ${this.#random.below(3)}`)
    const file = join(folder, `file ${number}`)
    mkdirSync(join(this.path, folder), { recursive: true })
    const seed = this.#random.below(SHARED_CONTENTS)
    const size = SIZES[this.#random.below(SIZES.length)] ?? 0
    if (this.#random.below(12) === 0) symlinkSync(`../target ${number}`, join(this.path, `${file} link`))
    // Half of it compresses.
    writeFileSync(join(this.path, file), seed % 2 === 0 ? noise(size, seed) : Buffer.alloc(size, `${seed} lines\n`))
    this.#files.add(file)
  }

  #rename(file: string): void {
    const renamed = `${file}'`
    renameSync(join(this.path, file), join(this.path, renamed))
    this.#files.delete(file)
    this.#files.add(renamed)
  }

  #remove(file: string): void {
    rmSync(join(this.path, file))
    this.#files.delete(file)
  }

  #pickFile(): string | undefined {
    return [...this.#files][this.#random.below(Math.max(1, this.#files.size))]
  }
}
