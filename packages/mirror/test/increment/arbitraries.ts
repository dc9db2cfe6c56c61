import { comparePaths } from '@varve/delta'
import { nameFromBytes } from '@varve/platform'
import * as fc from 'fast-check'
import type { CatalogueEntry, Increment, TrackedState } from '../../src/increment/increment.ts'

const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'b',
      '1',
      '10',
      '__proto__',
      'constructor',
      'mirror.json',
      ' ',
      '-rf',
      '$(touch x)',
      "it's",
      'a\nb',
      '\u{1f600}',
    ),
    fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }),
    fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => nameFromBytes(bytes)),
  )
  .map((text) => nameFromBytes(Buffer.from(text.replaceAll(/[/\0]/g, '_'), 'utf8')))
  .filter((text) => text !== '' && text !== '.' && text !== '..')

/** Paths with all kinds of names. */
export const path: fc.Arbitrary<string> = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))

const common = {
  mode: fc.nat(0o7777),
  mtime: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
}

/** States of all kinds. */
export const state: fc.Arbitrary<TrackedState> = fc.oneof(
  fc.record({
    type: fc.constant('file' as const),
    ...common,
    size: fc.maxSafeNat(),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  }),
  fc.record({ type: fc.constant('dir' as const), ...common }),
  fc.record({ type: fc.constant('symlink' as const), ...common, target: path }),
)

const sides = fc
  .record(
    {
      before: fc.option(state, { nil: undefined }),
      after: fc.option(state, { nil: undefined }),
      isContentDeleted: fc.constant(true as const),
    },
    { requiredKeys: ['before', 'after'] },
  )
  .filter(({ before, after }) => before !== undefined || after !== undefined)

const entries: fc.Arbitrary<readonly CatalogueEntry[]> = fc
  .uniqueArray(fc.tuple(path, sides), { maxLength: 20, selector: ([key]) => key })
  .map((all) => all.map(([key, both]) => ({ path: key, ...both })).toSorted((a, b) => comparePaths(a.path, b.path)))

/** Increments with all kinds of entries. */
export const increment: fc.Arbitrary<Increment> = fc.record({
  name: fc.constantFrom('backup_20260101_120000', 'backup_20260101_120000_2'),
  time: fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
  previous: fc.option(fc.constant('backup_20251231_235959'), { nil: undefined }),
  source: path.map((text) => `/${text}`),
  digest: fc.option(fc.constant('0123456789abcdef'.repeat(4)), { nil: undefined }),
  entries,
})
