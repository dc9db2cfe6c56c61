import { type Command, Option } from 'commander'
import type { RepositoryOptions } from './repository/repository-choice.ts'
import type { PasswordOptions } from './repository/password-source.ts'

/** How much a snapshot or prune compresses, as restic names it. */
export const COMPRESSION_MODES = ['auto', 'off', 'fastest', 'better', 'max'] as const

/** Options that every command takes, before or after its name. */
export interface GlobalOptions extends RepositoryOptions, PasswordOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  /** How often it was given. */
  readonly verbose: number
  /** False with `--no-lock`. */
  readonly lock: boolean
  readonly retryLock?: string
  readonly compression?: string
}

/** Adds the options that every command takes. */
export function declareGlobalOptions(program: Command): void {
  program
    .option(
      '-r, --repo <repository>',
      'repository: a folder, sqlite:FILE or local:FOLDER (default: $VARVE_REPOSITORY, or backups.db in this folder)',
    )
    .option(
      '--repository-file <file>',
      'read the location of the repository from a file (default: $VARVE_REPOSITORY_FILE)',
    )
    .option('--db-path <file>', 'use this single-file repository instead of backups.db; the first snapshot makes it')
    .option('-p, --password-file <file>', 'read the password from a file (default: $VARVE_PASSWORD_FILE)')
    .option('--password-command <command>', 'run a command that prints the password (default: $VARVE_PASSWORD_COMMAND)')
    .option('--insecure-no-password', 'the repository has no password')
    .option('--no-lock', 'do not lock the repository, as for one that is read-only')
    .option('--retry-lock <duration>', 'wait this long for a repository that is locked, such as 5m')
    .addOption(
      new Option(
        '--compression <mode>',
        'how to compress new data: auto, off, fastest, better or max (default: $VARVE_COMPRESSION, or auto)',
      ).choices([...COMPRESSION_MODES]),
    )
    .option('--json', 'print JSON, for programs')
    .option('-q, --quiet', 'print only errors and what was asked for')
    .option('-v, --verbose', 'print more; twice for still more', (_: unknown, times: number) => times + 1, 0)
}

/** How much to tell people: 0 with `--quiet`, 1 without any option, one more for each `--verbose`. */
export function verbosityOf({ quiet, verbose }: GlobalOptions): number {
  return quiet === true ? 0 : 1 + verbose
}

/** Writes restic's `--verbose=N` as N times `--verbose`. */
export function expandVerbose(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  const before = end < 0 ? args : args.slice(0, end)
  const expanded = before.flatMap((argument) => {
    const level = /^--verbose=(\d)$/.exec(argument)?.[1]
    return level === undefined ? [argument] : Array.from({ length: Number(level) }, () => '--verbose')
  })
  return end < 0 ? expanded : [...expanded, ...args.slice(end)]
}
