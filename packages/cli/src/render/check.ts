import { type Affected, type CheckProblem, type CheckResult, type Id, shortId } from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'
import { formatCount } from '../format/format-count.ts'

/** What `varve check` found. */
export interface CheckOutcome extends CheckResult {
  /** How much of the content was read. */
  readonly extent: 'all' | 'part' | 'none'
  /** Snapshots as people know them. */
  readonly titles: ReadonlyMap<Id, string>
}

/** What `varve check` found, for people. */
export function checkText(outcome: CheckOutcome, verbosity: number): readonly string[] {
  const { problems, hints } = outcome
  if (verbosity === 0 && problems.length === 0) return []
  return [...looked(outcome), ...hints.map(({ message }) => `Note: ${message}`), ...verdict(outcome)]
}

function looked({ counts, extent }: CheckOutcome): readonly string[] {
  const { snapshots, trees, dataBlobs, packs, packsRead, bytesRead } = counts
  const structure = [
    formatCount(snapshots, 'snapshot'),
    formatCount(trees, 'folder'),
    formatCount(dataBlobs, 'blob of content', 'blobs of content'),
    formatCount(packs, 'pack'),
  ].join(', ')
  const read = `${formatCount(packsRead, 'pack')}, ${formatBytes(bytesRead)}`
  return [`Checked:  ${structure}`, ...(extent === 'none' ? [] : [`Read:     ${read}`])]
}

function verdict({ problems, extent, titles }: CheckOutcome): readonly string[] {
  if (problems.length > 0) {
    return [
      'Database integrity check FAILED. Corrupted content detected.',
      `Found ${problems.length} corrupted ${problems.length === 1 ? 'item' : 'items'}:`,
      ...problems.flatMap((problem) => describeProblem(problem, titles)),
      'Recommendation: copy the repository before anything else is done to it, restore what you need from what is not named',
      'above, and take new snapshots into a new repository.',
    ]
  }
  return PASSED[extent]
}

const PASSED: Readonly<Record<CheckOutcome['extent'], readonly string[]>> = {
  all: ['Database integrity check passed. All file content is valid.'],
  part: [
    'Database integrity check passed. The file content that was read is valid; the rest is there, but was not read.',
  ],
  none: [
    'Database integrity check passed. All file content is there, but was not read.',
    'To verify the content too: varve check --read-data',
  ],
}

function describeProblem(problem: CheckProblem, titles: ReadonlyMap<Id, string>): readonly string[] {
  return [`- ${problem.message}`, ...('affected' in problem ? describeAffected(problem.affected, titles) : [])]
}

function describeAffected({ paths, total, more }: Affected, titles: ReadonlyMap<Id, string>): readonly string[] {
  if (paths.length === 0) return []
  const rest = total - paths.length
  return [
    '  Affected files:',
    ...paths.map(({ snapshot, path }) => `    ${titles.get(snapshot) ?? `Snapshot ${shortId(snapshot)}`}: ${path}`),
    ...(rest > 0 || more ? [`    … and ${rest > 0 ? `${rest}${more ? ' or more' : ''}` : 'maybe more'}`] : []),
  ]
}

/** What `varve check` found, for programs: an `error` message for each problem, then restic's summary. */
export function checkJson({ problems, hints, counts, extent }: CheckOutcome): readonly unknown[] {
  const broken = new Set(problems.flatMap((problem) => ('pack' in problem ? [problem.pack] : [])))
  return [
    ...problems.map(({ message, ...problem }) => ({ message_type: 'error', message, ...problem })),
    ...hints.map(({ message, ...hint }) => ({ message_type: 'hint', message, ...hint })),
    {
      message_type: 'summary',
      num_errors: problems.length,
      broken_packs: [...broken],
      suggest_repair_index: problems.some(({ kind }) => INDEX_PROBLEMS.includes(kind)),
      suggest_prune: hints.some(({ kind }) => kind === 'unindexed-packs' || kind === 'duplicate-blobs'),
      read_data: extent,
      snapshots: counts.snapshots,
      packs: counts.packs,
      packs_read: counts.packsRead,
      bytes_read: counts.bytesRead,
    },
  ]
}

const INDEX_PROBLEMS: readonly CheckProblem['kind'][] = [
  'damaged-index',
  'conflicting-indexes',
  'missing-pack',
  'wrong-pack-size',
]
