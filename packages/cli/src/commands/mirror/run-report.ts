import type { MirrorChange, Profile, RunResult } from '@varve/mirror'
import type { VarveError } from '@varve/platform/errors'
import type { Shortfall } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount, formatNumber } from '../../format/format-count.ts'

/** What came of one profile: a result, or why there is none. */
export type ProfileOutcome = { readonly profile: Profile } & (
  | { readonly result: RunResult; readonly failure: undefined }
  | { readonly result: undefined; readonly failure: VarveError }
)

/** What came of a run. */
export interface RunOutcome {
  readonly profiles: readonly ProfileOutcome[]
  readonly dryRun: boolean
  /** Whether each change is told, not only how many there are. */
  readonly listsChanges: boolean
}

const KINDS = ['new', 'changed', 'removed', 'tracking'] as const

const KIND_COLUMNS = Math.max(...KINDS.map((kind) => kind.length))

/** A run for people. */
export function runText(outcome: RunOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0 && !outcome.dryRun) return []
  return outcome.profiles.flatMap(({ profile, result, failure }) => {
    const name = profile.name === undefined ? '' : `${profile.name}: `
    if (failure !== undefined) return [`${name}failed: ${failure.message}`]
    return [...(outcome.listsChanges ? result.changes.map(changeLine) : []), ...summary(profile, name, result, outcome)]
  })
}

function summary({ config }: Profile, name: string, result: RunResult, { dryRun }: RunOutcome): readonly string[] {
  const { increment, recovered, entries, bytesCopied } = result
  const changes = countsText(result.changes)
  const tracked = result.changes.filter((change) => change.tracked || change.change === 'tracking').length
  return [
    ...(recovered === undefined ? [] : [`${name}An interrupted run had begun ${recovered}; it is complete now.`]),
    `${name}${dryRun ? 'Would mirror' : 'Mirrored'} ${config.source} to ${config.destination}: ${changes}` +
      `${dryRun ? '' : `, ${formatBytes(bytesCopied)} copied`}; ${formatCount(entries, 'entry', 'entries')} in all.`,
    ...(increment === undefined ? [] : [`${name}Increment ${increment}: ${formatCount(tracked, 'tracked change')}.`]),
    ...(dryRun
      ? [
          `${name}${tracked > 0 ? `${formatCount(tracked, 'change')} would be kept in an increment. ` : ''}` +
            'This was a dry run: nothing was changed.',
        ]
      : []),
  ]
}

function changeLine({ change, path, type, tracked, size }: MirrorChange): string {
  const shown = type === 'dir' ? `${path}/` : path
  const facts = [type === 'file' && change !== 'removed' ? formatBytes(size) : '', tracked ? 'tracked' : '']
  const told = facts.filter((fact) => fact !== '').join(', ')
  return `${change.padEnd(KIND_COLUMNS)}  ${shown}${told === '' ? '' : `  (${told})`}`
}

function countsText(changes: readonly MirrorChange[]): string {
  const parts = KINDS.map((kind) => [changes.filter(({ change }) => change === kind).length, kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${formatNumber(count)} ${kind === 'tracking' ? 'with other tracking' : kind}`)
  return parts.length === 0 ? 'nothing changed' : parts.join(', ')
}

/** A run for programs. */
export function runJson({ profiles, dryRun, listsChanges }: RunOutcome): readonly unknown[] {
  return profiles.flatMap(({ profile, result, failure }): readonly unknown[] => {
    const { name, config } = profile
    const place = { profile: name, source: config.source, destination: config.destination, dry_run: dryRun }
    if (failure !== undefined) {
      return [{ message_type: 'failure', ...place, error_code: failure.code, message: failure.message }]
    }
    const { changes, increment, recovered, entries, bytesCopied, problems } = result
    const told = changes.map((change) => ({ message_type: 'change', profile: name, ...change }))
    const counts = Object.fromEntries(
      KINDS.map((kind) => [kind, changes.filter(({ change }) => change === kind).length]),
    )
    return [
      ...(listsChanges ? told : []),
      {
        message_type: 'summary',
        ...place,
        ...counts,
        increment,
        recovered,
        entries,
        bytes_copied: bytesCopied,
        problems: problems.length,
      },
    ]
  })
}

/** What a run did not do. */
export function runShortfall({ profiles }: RunOutcome): Shortfall | undefined {
  const failed = profiles.filter(({ failure }) => failure !== undefined)
  const [first] = failed
  if (first?.failure !== undefined) {
    const message = `${formatCount(failed.length, 'profile')} of ${profiles.length} failed: ${first.failure.message}`
    return { message, ...(first.failure.hint === undefined ? {} : { hint: first.failure.hint }), exitCode: EXIT.failed }
  }
  const problems = profiles.reduce((sum, { result }) => sum + (result?.problems.length ?? 0), 0)
  if (problems === 0) return undefined
  return {
    message: `${formatCount(problems, 'entry', 'entries')} could not be mirrored; the mirror keeps what it had of them`,
    exitCode: EXIT.incomplete,
  }
}
