import { parseId, parseTimestamp, PARTIAL_TAG, type SnapshotRow } from '@varve/engine'
import { expect, test } from 'vitest'
import { listJson, listText } from '../../src/render/list.ts'

const ID = parseId('ab'.repeat(32))

function rowOf(hostname: string, tags: readonly string[]): SnapshotRow {
  const time = parseTimestamp('2026-01-02T03:04:05Z')
  return {
    number: 1,
    snapshot: { id: ID, time, tree: ID, paths: ['/work'], hostname, tags },
    size: 1024,
    distinctSize: 512,
  }
}

const GOOD = rowOf('laptop', ['mine'])
const PARTIAL = rowOf('laptop (partial)', ['mine', PARTIAL_TAG])

function outcomeOf(row: SnapshotRow): Parameters<typeof listText>[0] {
  return { rows: [row], total: 512, problems: [], damaged: [], compact: false, freed: false }
}

test('a partial snapshot is shown as such, under the name of its machine, and explained', () => {
  const lines = listText(outcomeOf(PARTIAL))
  expect(lines[2]).toMatch(/ laptop +\(partial\) +\/work$/)
  expect(lines.join('\n')).not.toContain(PARTIAL_TAG)
  expect(lines.at(-2)).toContain('interrupted')
})

test('without one, nothing is said of it', () => {
  expect(listText(outcomeOf(GOOD)).join('\n')).not.toContain('partial')
})

test('programs are told, and get the fields as they are stored', () => {
  expect(listJson(outcomeOf(PARTIAL))).toEqual([
    [expect.objectContaining({ partial: true, hostname: 'laptop (partial)', tags: ['mine', PARTIAL_TAG] })],
  ])
  const [[good]] = listJson(outcomeOf(GOOD)) as [[object]]
  expect(good).not.toHaveProperty('partial')
})
