import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createRepository } from '@varve/engine'
import { PASSWORD, type Contestant } from './contestants/contestant.ts'
import type { Corpus } from './corpora/corpus.ts'
import { outputOf } from './measured-run.ts'
import { emptyFolder, retire } from './workplace.ts'

/**
 * Keys as each program makes them, hard to try passwords on by design; or ones that cost next to nothing, so that only what comes
 * after opening a repository takes time. Only the engine makes the latter, in restic's format.
 */
export type Keys = 'usual' | 'cheap'

const CHEAP_KEY = { N: 1024, r: 8, p: 1 }

/** Several contestants on one corpus: what they back up, and how far each has come. */
export class Race {
  readonly corpus: Corpus
  readonly contestants: readonly Contestant[]
  /** The folder that all back up. */
  readonly source: string
  /** Where all restore to, one after the other. */
  readonly target: string
  readonly #work: string
  readonly #keys: Keys
  /** How often the source has changed. */
  #changes = 0
  /** How many snapshots each has, and of how many changes it knows. */
  readonly #standing = new Map<Contestant, { snapshots: number; changes: number }>()

  /**
   * Makes the source.
   * @param work - an empty folder for all that the race needs
   * @param keys - of the repositories, unless a row asks for others
   */
  constructor(corpus: Corpus, contestants: readonly Contestant[], work: string, keys: Keys) {
    this.#work = work
    this.#keys = keys
    this.corpus = corpus
    this.contestants = contestants
    this.source = join(work, 'source')
    this.target = join(work, 'target')
    mkdirSync(this.source)
    corpus.make(this.source)
  }

  /** Makes what is restored to an empty folder. */
  clearTarget(): void {
    if (this.corpus.hasManyFiles) retire(this.target, join(this.#work, 'retired'))
    emptyFolder(this.target)
  }

  /** Changes 1 % of the source. */
  change(): void {
    this.corpus.change(this.source, ++this.#changes)
  }

  /** Turns the source into a state of its history. */
  enter(state: number): void {
    this.corpus.history?.enter(this.source, state)
    this.#changes++
  }

  /** Gives a contestant an empty repository. */
  async restart(contestant: Contestant, keys: Keys = this.#keys): Promise<void> {
    const { folder, location, commands } = contestant
    emptyFolder(folder)
    if (keys === 'cheap' && location !== undefined) {
      const repository = await createRepository({ storage: location, password: PASSWORD, kdf: CHEAP_KEY })
      await repository.close()
    } else if (commands.init !== undefined) outputOf(commands.init)
    this.#standing.set(contestant, { snapshots: 0, changes: -1 })
  }

  /** Says that a contestant has saved the source as it is. */
  hasSaved(contestant: Contestant): void {
    const snapshots = (this.#standing.get(contestant)?.snapshots ?? 0) + 1
    this.#standing.set(contestant, { snapshots, changes: this.#changes })
  }

  /**
   * Lets contestants save, without measuring it, until each has enough snapshots and the latest is of the source as it is.
   * Each gets the same: where one is behind, all save.
   */
  async catchUp(contestants: readonly Contestant[], snapshots: number): Promise<void> {
    while (contestants.some((each) => this.#snapshotsOf(each) < snapshots)) {
      if (contestants.some((each) => this.#snapshotsOf(each) > 0)) this.change()
      for (const contestant of contestants) await this.#save(contestant)
    }
    if (snapshots === 0) return
    for (const contestant of contestants) {
      if (this.#standing.get(contestant)?.changes !== this.#changes) await this.#save(contestant)
    }
  }

  #snapshotsOf(contestant: Contestant): number {
    return this.#standing.get(contestant)?.snapshots ?? 0
  }

  async #save(contestant: Contestant): Promise<void> {
    const { snapshot, snapshotAgain } = contestant.commands
    const isFirst = this.#snapshotsOf(contestant) === 0
    // What can only make a copy makes a new one.
    if (isFirst || snapshotAgain === undefined) await this.restart(contestant)
    const save = isFirst ? snapshot : (snapshotAgain ?? snapshot)
    if (save !== undefined) outputOf(save(this.source))
    this.hasSaved(contestant)
  }
}
