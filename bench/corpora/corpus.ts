/** The corpora by the names that `--corpora` takes. */
export const CORPUS_NAMES = ['media', 'npm', 'states', 'image', 'tiny', 'folder', 'overhead'] as const
export type CorpusName = (typeof CORPUS_NAMES)[number]

/** A folder to back up, and how it changes. All is made from fixed numbers: the same on every machine and in every run. */
export interface Corpus {
  readonly name: CorpusName
  /** What it is, in a few words. */
  readonly title: string
  /** About how large it is. */
  readonly bytes: number
  /** Whether making as many files as it has is slower where others have just been deleted. */
  readonly hasManyFiles: boolean
  /** Whether copying it takes part as a yardstick. */
  readonly hasYardsticks: boolean
  /** Fills an empty folder. */
  readonly make: (folder: string) => void
  /**
   * Changes about 1 % of what `make` made, or what an earlier change left.
   * @param round - which hundredth, and into what: another number is another change
   */
  readonly change: (folder: string, round: number) => void
  /** Where the corpus is a history rather than a folder: `enter` turns any of its states into the one with that number, from 0. */
  readonly history?: { readonly count: number; readonly enter: (folder: string, state: number) => void }
}
