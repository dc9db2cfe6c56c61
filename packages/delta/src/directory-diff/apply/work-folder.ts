import { hash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as v from 'valibot'
import { currentPlatform, processSpace } from '@varve/platform'
import { systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'
import { readFailure } from '../../directory-index/read-failure.ts'
import type { FileSteps } from './file-steps.ts'
import { readJournal, type JournalRecord } from './journal.ts'

/** Work folders that calls of this process are busy with. */
const busy = new Set<string>()

const OWNER = v.object({ pid: v.number(), space: v.optional(v.string()) })

/** How far the work in a work folder has come. */
export type WorkState =
  /** The directory is untouched. */
  | 'preparing'
  /** Entries of the directory may have been put away. */
  | 'removing'
  /** All that was to be put away has been, and what is new may be there. */
  | 'adding'
  /** The directory is as it should be: what was put away can go. */
  | 'done'

/**
 * The folder beside a directory in which an archive's changes are prepared, what they replace is put away, and the journal lies. Its name follows from the
 * directory's, so that whoever comes after a crash finds it. Files in it:
 *
 * - `new/HASH`: an entry that is to be at the path whose SHA-256 is HASH; `old/HASH`: one that was there;
 * - `journal`: present once everything is prepared, all of it durable; `adding`, `done`: see {@link WorkState}; `owner`: the process that works here.
 */
export class WorkFolder {
  readonly path: string
  /** The directory. */
  readonly target: string
  readonly #steps: FileSteps

  /** @param target - absolute, without symbolic links in it */
  constructor(target: string, steps: FileSteps) {
    this.target = target
    this.path = join(dirname(target), `.${basename(target)}.varve-apply`)
    this.#steps = steps
  }

  /** Whether it is there: then some work was begun and not brought to an end. */
  get exists(): boolean {
    return this.#steps.stat(this.path) !== undefined
  }

  /** Whether nothing is in it: then it was just made, or only has to go. */
  get isEmpty(): boolean {
    return this.#steps.names(this.path).length === 0
  }

  /** Where an entry of the directory lies. */
  inTarget(path: string): string {
    return path === '' ? this.target : `${this.target}/${path}`
  }

  /** Where the entry lies that is to be at `path`. */
  inNew(path: string): string {
    return `${this.path}/new/${key(path)}`
  }

  /** Where the entry lies that was at `path`. */
  inOld(path: string): string {
    return `${this.path}/old/${key(path)}`
  }

  /**
   * Makes it, for this process.
   * @throws ERR_VARVE_LOCKED where it is there already; the system's error
   */
  create(): void {
    try {
      this.#steps.makeFolder(this.path)
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') throw this.#locked()
      throw error
    }
    busy.add(this.path)
  }

  /** Makes what has to be in it. Throws the system's error. */
  async furnish(): Promise<void> {
    await this.#writeOwner()
    this.#steps.makeFolder(`${this.path}/new`)
    this.#steps.makeFolder(`${this.path}/old`)
  }

  /**
   * Takes it over from a process that is gone.
   * @throws ERR_VARVE_LOCKED where that is still at work; the system's error
   */
  async takeOver(): Promise<void> {
    if (busy.has(this.path)) throw this.#locked()
    const owner = this.#readOwner()
    const isElsewhere = owner !== undefined && owner.pid !== process.pid
    const isSameSpace = owner?.space === processSpace()
    if (isElsewhere && isSameSpace && currentPlatform().processExists(owner.pid)) throw this.#locked()
    busy.add(this.path)
    this.#removeIfThere('owner')
    await this.#writeOwner()
  }

  /** Says that this process is not at work here any more. */
  release(): void {
    busy.delete(this.path)
  }

  /** How far the work has come. */
  get state(): WorkState {
    if (this.#has('done')) return 'done'
    if (!this.#has('journal')) return 'preparing'
    return this.#has('adding') ? 'adding' : 'removing'
  }

  /** Marks durably that the work has come so far. */
  async mark(state: 'adding' | 'done'): Promise<void> {
    await this.#writeFile(state, [])
    await this.#steps.flushFolder(this.path)
  }

  /** Marks durably that all that was added has been taken away again. */
  async unmarkAdding(): Promise<void> {
    this.#steps.remove(`${this.path}/adding`)
    await this.#steps.flushFolder(this.path)
  }

  /** Writes the journal, durably and at once. All that is prepared has to be durable before. */
  async writeJournal(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#writeFile('journal-tmp', pieces)
    await this.#steps.flushFolder(`${this.path}/new`)
    this.#steps.rename(`${this.path}/journal-tmp`, `${this.path}/journal`)
    await this.#steps.flushFolder(this.path)
    await this.#steps.flushFolder(dirname(this.path))
  }

  /** The journal. Throws ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT, ERR_VARVE_STORAGE. */
  async *journal(): AsyncGenerator<JournalRecord> {
    const path = `${this.path}/journal`
    const what = `the journal '${path}'`
    try {
      yield* readJournal(createReadStream(toFsPath(path)) as AsyncIterable<Buffer>, what)
    } catch (error) {
      throw readFailure(what, error)
    }
  }

  /**
   * Removes it, when the directory is as it should be or as it was. The journal goes first unless the work is done, so that what is left behind by a crash in between
   * cannot be taken for work that is still to be undone.
   *
   * @throws ERR_VARVE_TARGET where something is put away in it that nothing else has any more; the system's error
   */
  async remove(): Promise<void> {
    const steps = this.#steps
    const isDone = this.#has('done')
    if (!isDone) {
      if (this.#namesIn('old').length > 0) throw this.#holdsEntries()
      this.#removeIfThere('journal')
      await steps.flushFolder(this.path)
    }
    for (const folder of ['old', 'new'] as const) {
      for (const name of this.#namesIn(folder)) steps.remove(`${this.path}/${folder}/${name}`)
      if (this.#has(folder)) steps.removeFolder(`${this.path}/${folder}`)
    }
    for (const name of ['journal-tmp', 'journal', 'adding']) this.#removeIfThere(name)
    await steps.flushFolder(this.path)
    // Once it is empty nobody can tell which way the work ended, nor has to.
    for (const name of ['owner', 'done']) this.#removeIfThere(name)
    steps.removeFolder(this.path)
    await steps.flushFolder(dirname(this.path))
    this.release()
  }

  #has(name: string): boolean {
    return this.#steps.stat(`${this.path}/${name}`) !== undefined
  }

  #namesIn(folder: 'old' | 'new'): readonly string[] {
    return this.#has(folder) ? this.#steps.names(`${this.path}/${folder}`) : []
  }

  #removeIfThere(name: string): void {
    if (this.#has(name)) this.#steps.remove(`${this.path}/${name}`)
  }

  async #writeFile(name: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const path = `${this.path}/${name}`
    await this.#steps.flushAndClose(await this.#steps.write(path, pieces), path)
  }

  async #writeOwner(): Promise<void> {
    await this.#writeFile('owner', [Buffer.from(JSON.stringify({ pid: process.pid, space: processSpace() }))])
  }

  #readOwner(): v.InferOutput<typeof OWNER> | undefined {
    try {
      const parsed = v.safeParse(OWNER, JSON.parse(readFileSync(toFsPath(`${this.path}/owner`), 'utf8')))
      return parsed.success ? parsed.output : undefined
    } catch (error) {
      // Whoever died while writing it had touched nothing else.
      if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  #locked(): VarveError {
    return new VarveError('ERR_VARVE_LOCKED', `changes are being applied to '${this.target}' already`, {
      hint: `wait until that is done; its work is in '${this.path}'`,
    })
  }

  #holdsEntries(): VarveError {
    return new VarveError(
      'ERR_VARVE_TARGET',
      `'${this.path}/old' holds entries of '${this.target}' without a journal that says what they are`,
      {
        hint: 'move them to where they belong, and remove the folder',
      },
    )
  }
}

function key(path: string): string {
  return hash('sha256', nameToBytes(path), 'hex')
}
