import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CORPUS_NAMES, type CorpusName } from './corpora/corpus.ts'
import { FULL_SIZES, QUICK_SIZES, type Sizes } from './corpora.ts'
import { ROW_NAMES, type RowName } from './rows/row.ts'

/** What to measure, and how. */
export interface Options {
  readonly isQuick: boolean
  /** What doubles instead of the rows. */
  readonly isSeries: boolean
  /** Keeps what an earlier run measured of other rows and corpora. */
  readonly adds: boolean
  readonly runs: number
  /** For corpora and repositories. */
  readonly root: string
  /** Parts of names of contestants; all where undefined. */
  readonly only: readonly string[] | undefined
  readonly corpora: readonly CorpusName[]
  /** All that belong to a corpus where undefined. */
  readonly rows: readonly RowName[] | undefined
  readonly sizes: Sizes
}

export const USAGE = `npm run bench -- [options]

  --quick             small inputs made by script, one run each, no network
  --runs N            runs of each row (3)
  --root DIR          folder for corpora and repositories (varve-bench in the folder for temporary files)
  --only NAME,…       contestants whose name contains one of these
  --corpora NAME,…    ${CORPUS_NAMES.join(', ')}
  --rows NAME,…       ${ROW_NAMES.join(', ')}
  --add               keep what an earlier run measured of other rows and corpora
  --series            instead of the rows: what doubling files (to --series-to), bytes (to --media) and snapshots (to --snapshots) costs
  --media MIB --image MIB --tiny FILES --entries COUNT --snapshots COUNT --blobs COUNT --series-to FILES
                      sizes
`

/** @throws Error saying what is wrong with an argument */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      series: { type: 'boolean', default: false },
      add: { type: 'boolean', default: false },
      runs: { type: 'string' },
      root: { type: 'string', default: join(tmpdir(), 'varve-bench') },
      only: { type: 'string' },
      corpora: { type: 'string' },
      rows: { type: 'string' },
      media: { type: 'string' },
      image: { type: 'string' },
      tiny: { type: 'string' },
      entries: { type: 'string' },
      snapshots: { type: 'string' },
      blobs: { type: 'string' },
      'series-to': { type: 'string' },
    },
  })
  if (values.help) return 'help'
  const sizes = values.quick ? QUICK_SIZES : FULL_SIZES
  return {
    isQuick: values.quick,
    isSeries: values.series,
    adds: values.add,
    runs: countOf('--runs', values.runs, values.quick || values.series ? 1 : 3),
    root: resolve(values.root),
    only: values.only?.split(','),
    corpora: namesOf('--corpora', values.corpora, CORPUS_NAMES) ?? CORPUS_NAMES,
    rows: namesOf('--rows', values.rows, ROW_NAMES),
    sizes: {
      media: countOf('--media', values.media, sizes.media),
      image: countOf('--image', values.image, sizes.image),
      tinyFiles: countOf('--tiny', values.tiny, sizes.tinyFiles),
      folderEntries: countOf('--entries', values.entries, sizes.folderEntries),
      snapshots: countOf('--snapshots', values.snapshots, sizes.snapshots),
      blobs: countOf('--blobs', values.blobs, sizes.blobs),
      series: countOf('--series-to', values['series-to'], sizes.series),
    },
  }
}

function countOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${option} takes a whole number from 1, not '${text}'`)
  return count
}

function namesOf<T extends string>(
  option: string,
  text: string | undefined,
  all: readonly T[],
): readonly T[] | undefined {
  if (text === undefined) return undefined
  const names = text.split(',')
  const wrong = names.find((name) => !all.some((each) => each === name))
  if (wrong !== undefined) throw new Error(`${option} knows no '${wrong}', but ${all.join(', ')}`)
  return all.filter((name) => names.includes(name))
}
