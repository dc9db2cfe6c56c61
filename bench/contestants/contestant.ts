import type { Command } from '../measured-run.ts'

/** What a contestant can do. Where a command is missing, the contestant is left out of the rows that need it. */
export interface Commands {
  readonly version?: Command
  readonly help?: Command
  /** Makes the repository below an empty folder. */
  readonly init?: Command
  readonly snapshot?: (source: string) => Command
  /** Into a repository that holds this source already. */
  readonly snapshotAgain?: (source: string) => Command
  /** Reads every file again although nothing changed. */
  readonly reread?: (source: string) => Command
  /** Puts the latest snapshot of a source below an empty folder, under its full path. */
  readonly restore?: (target: string, source: string) => Command
  /** The same where most of it is there; whether it is right is told by its content. */
  readonly restoreOver?: (target: string, source: string) => Command
  /** The same, trusting sizes and times of modification. */
  readonly restoreOverByTime?: (target: string, source: string) => Command
  /** Reads and verifies all that is stored. */
  readonly check?: Command
  readonly list?: Command
  /** Names of the snapshots, oldest first. */
  readonly snapshots?: () => readonly string[]
  /** Removes snapshots, and the content that nothing needs then. */
  readonly prune?: (names: readonly string[]) => Command
}

/** A program that takes part. */
export interface Contestant {
  readonly name: string
  /** A yardstick makes a copy and no backup: it shows what moving the bytes costs. */
  readonly kind: 'varve' | 'peer' | 'yardstick'
  readonly version: string
  /** All that it keeps: its repository, and its caches. */
  readonly folder: string
  /** What it stores into, within the folder. */
  readonly repository: string
  /** Where the engine finds the repository, when it is in restic's format. */
  readonly location?: string
  readonly commands: Commands
}

/** Of every repository. */
export const PASSWORD = 'benchmark'
