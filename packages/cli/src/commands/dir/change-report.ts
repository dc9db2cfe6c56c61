import type { ChangeCounts, ChangeKind, KnownChange } from '@varve/delta'
import { formatCount } from '../../format/format-count.ts'

/** A change, as it is told. */
export interface ToldChange {
  readonly kind: ChangeKind
  readonly path: string
  /** Where a file was before. */
  readonly source: string | undefined
}

const KIND_COLUMNS = 'metadata'.length

/** What there is to tell of a change; nothing of the old place of a file that has moved, which is told with the new one. */
export function toldChange({ kind, path, source, after, before }: KnownChange): ToldChange | undefined {
  if (kind === 'moved') return undefined
  const isFolder = (after ?? before)?.type === 'dir'
  return { kind, path: isFolder ? `${path}/` : path, source }
}

/** A change for people. */
export function changeLine({ kind, path, source }: ToldChange): string {
  return `${kind.padEnd(KIND_COLUMNS)}  ${source === undefined ? path : `${source} -> ${path}`}`
}

/** A change for programs. */
export function changeJson({ kind, path, source }: ToldChange): object {
  return { message_type: 'change', kind, path, source }
}

/** How many changes there are, for people: `2 created, 1 deleted`. */
export function countsText(counts: ChangeCounts): string {
  const { moved: _, ...told } = counts
  const parts = Object.entries(told)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatCount(count, '', '').trim()} ${WORDS[kind] ?? kind}`)
  return parts.length === 0 ? 'nothing changed' : parts.join(', ')
}

const WORDS: Readonly<Record<string, string>> = { metadata: 'with other metadata', type: 'of another type' }
