import type { Contestant } from '../contestants/contestant.ts'
import type { Command } from '../measured-run.ts'

/** Where a series is measured. */
export interface SeriesPlace {
  /** What is saved. */
  readonly source: string
  /** What is restored to: an empty folder each time. */
  readonly target: string
  /** Where targets go that are done with. */
  readonly retired: string
}

/** Something that is measured at each step. */
export interface SeriesJob {
  readonly name: string
  readonly command: (contestant: Contestant, place: SeriesPlace) => Command | undefined
}

/** Something that doubles from step to step. */
export interface Growth {
  /** What is counted, a plural. */
  readonly unit: string
  readonly one: string
  /** In which the cost of one is told. */
  readonly scale: 'µs' | 'ms'
  /** What one takes of a disk, in bytes. */
  readonly size: number
  /** Whether making as many files as it has is slower where others have just been deleted. */
  readonly hasManyFiles: boolean
  /** How many there are at the first step. */
  readonly start: number
  /** How many there may be at the last. */
  readonly most: number
  readonly jobs: readonly SeriesJob[]
  /** Makes the source grow from so many to so many; `before` is 0 at the first step, when the source is an empty folder. */
  readonly grow: (source: string, before: number, count: number) => void
  /** Makes a contestant's repository ready for a step, before each run of it. `before` is as in `grow`. */
  readonly prepare: (contestant: Contestant, source: string, before: number, count: number) => Promise<void>
}
