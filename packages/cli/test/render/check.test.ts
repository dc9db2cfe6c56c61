import { createHash } from 'node:crypto'
import { parseId, type CheckProblem, type Id } from '@varve/engine'
import { expect, test } from 'vitest'
import { type CheckOutcome, checkJson, checkText } from '../../src/render/check.ts'

const id = (text: string): Id => parseId(createHash('sha256').update(text).digest('hex'))

const SOUND: CheckOutcome = {
  problems: [],
  hints: [],
  counts: { snapshots: 2, indexes: 1, packs: 3, blobs: 10, trees: 4, dataBlobs: 6, packsRead: 3, bytesRead: 4096 },
  extent: 'all',
  titles: new Map([[id('first'), 'Snapshot 1 (2025-03-30 15:30:45)']]),
}

const PROBLEMS: readonly CheckProblem[] = [
  {
    kind: 'damaged-blob',
    message: 'data blob in pack is damaged',
    pack: id('pack'),
    blob: { type: 'data', id: id('blob') },
    affected: {
      paths: [
        { snapshot: id('first'), path: '/work/a' },
        { snapshot: id('unknown'), path: '/work/b' },
      ],
      total: 5,
      more: false,
    },
  },
  { kind: 'damaged-index', message: 'index is damaged', index: id('index') },
]

test('only a check that read everything says that all content is valid', () => {
  const said = (extent: CheckOutcome['extent']): string => checkText({ ...SOUND, extent }, 1).join('\n')
  expect(said('all')).toContain('All file content is valid.')
  for (const extent of ['part', 'none'] as const) {
    expect(said(extent)).toContain('integrity check passed')
    expect(said(extent)).not.toContain('All file content is valid.')
    expect(said(extent)).toContain('not read')
  }
  expect(checkText(SOUND, 0)).toEqual([])
})

test('each problem names what it hits, in the words of the list where it can', () => {
  const text = checkText({ ...SOUND, problems: PROBLEMS }, 0).join('\n')
  expect(text).toContain('Database integrity check FAILED. Corrupted content detected.\nFound 2 corrupted items:')
  expect(text).toContain('    Snapshot 1 (2025-03-30 15:30:45): /work/a\n')
  expect(text).toContain(`    Snapshot ${id('unknown').slice(0, 8)}: /work/b\n    … and 3\n- index is damaged`)
  expect(text).not.toContain('passed')
})

test('programs are told kinds, packs and a summary as restic writes it', () => {
  const messages = checkJson({ ...SOUND, problems: PROBLEMS })
  expect(messages[0]).toMatchObject({ message_type: 'error', kind: 'damaged-blob', pack: id('pack') })
  expect(messages.at(-1)).toMatchObject({
    message_type: 'summary',
    num_errors: 2,
    broken_packs: [id('pack')],
    suggest_repair_index: true,
    suggest_prune: false,
  })
})
