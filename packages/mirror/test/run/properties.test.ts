import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync, chmodSync, readdirSync, lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { survey } from '../../../delta/test/directory-index/trees.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { followHistory, Scene, treeOf } from './scene.ts'

/** More for those who have the time. */
const RUNS = process.env['VARVE_CRASH_LONG'] === '1' ? 1500 : 100

const paths = fc.constantFrom('a', 'b', 't/a', 't/b', 't/c', 't/c/d', 't/c/e.x', 'u/a', 'u/b/c', 'f.x', 't/é', "t/'")
const edit = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      path: paths,
      content: fc.constantFrom('', 'one', 'two', 'three'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), path: paths }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('folder' as const), path: paths }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      path: paths,
      target: fc.constantFrom('a', '..', '/etc'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), path: paths, to: paths }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('mode' as const),
      path: paths,
      mode: fc.constantFrom(0o600, 0o755, 0o700),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      path: paths,
      mtime: fc.constantFrom(1n, 5_000_000_000n),
    }),
  },
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

/** Makes way for an entry: folders around it, and nothing in its place. */
function makeWay(source: string, path: string): string {
  const place = join(source, path)
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const stats = lstatSync(join(source, folder), { throwIfNoEntry: false })
    if (stats !== undefined && !stats.isDirectory()) rmSync(join(source, folder))
  }
  mkdirSync(dirname(place), { recursive: true })
  rmSync(place, { recursive: true, force: true })
  return place
}

function isBehindLink(source: string, path: string): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some((_, depth, names) => {
      const stats = lstatSync(join(source, ...names.slice(0, depth + 1)), { throwIfNoEntry: false })
      return stats !== undefined && !stats.isDirectory()
    })
}

function apply(source: string, change: Edit): void {
  const place = join(source, change.path)
  if (change.kind === 'write') return writeFileSync(makeWay(source, change.path), change.content)
  if (change.kind === 'folder') return mkdirSync(makeWay(source, change.path), { recursive: false })
  if (change.kind === 'link') return symlinkSync(change.target, makeWay(source, change.path))
  if (isBehindLink(source, change.path)) return
  const stats = lstatSync(place, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (change.kind === 'remove') rmSync(place, { recursive: true })
  else if (change.kind === 'time') currentPlatform().setTimes(place, change.mtime, change.mtime)
  else if (change.kind === 'mode') {
    if (!stats.isSymbolicLink()) chmodSync(place, change.mode)
  } else if (
    change.to !== change.path &&
    !`${change.to}/`.startsWith(`${change.path}/`) &&
    !`${change.path}/`.startsWith(`${change.to}/`)
  ) {
    renameSync(place, makeWay(source, change.to))
  }
}

/** What of a source is included: all but files that end in `.x`. */
function included(source: string): readonly string[] {
  return survey(source).filter((line) => !/^"[^"]*\.x" 1[02]/.test(line))
}

const isTracked = (path: string, type: string): boolean =>
  (path === 't' || path.startsWith('t/')) && (type === 'dir' || !path.endsWith('.x'))

/** Found by these tests: a run that stopped just before it published. */
const EXAMPLES: [readonly Step[]][] = Array.from({ length: 60 }, (_, stop) => [
  [
    { edits: [{ kind: 'write', path: 't/c', content: '' }], stop: null, checksum: false },
    {
      edits: [
        { kind: 'move', path: 't/c', to: 'a' },
        { kind: 'folder', path: "t/'" },
      ],
      stop,
      checksum: false,
    },
  ],
])

interface Step {
  readonly edits: readonly Edit[]
  readonly stop: number | null
  readonly checksum: boolean
}

describe('a mirror over many runs', () => {
  it(
    'is the included part of the source after each, and all increments hold what they held',
    { timeout: 300_000 },
    async () => {
      const runs = fc.array(
        fc.record({ edits: fc.array(edit, { maxLength: 6 }), stop: fc.option(fc.nat(60)), checksum: fc.boolean() }),
        { minLength: 2, maxLength: 6 },
      )
      await fc.assert(
        fc.asyncProperty(runs, async (steps) => {
          const scene = new Scene()
          scene.rules = { ...NO_RULES, includeDirs: ['.'], trackDirs: ['t'], excludeFiles: ['*.x'] }
          mkdirSync(scene.source)
          let history: readonly string[] = []
          for (const { edits, stop, checksum } of steps) {
            for (const change of edits) apply(scene.source, change)
            if (stop !== null) await scene.run({}, { steps: stopping(stop) }).catch(() => undefined)
            expect(scene.history.slice(0, history.length)).toEqual(history)
            await scene.run({ checksum })
            expect(survey(scene.mirror)).toEqual(included(scene.source))
            expect(scene.history.slice(0, history.length)).toEqual(history)
            history = scene.history
            const tree = [...followHistory(scene).values()].at(-1)
            expect(tree ?? new Map()).toEqual(treeOf(scene.source, isTracked))
          }
          expect(readdirSync(join(scene.destination, '.varve-mirror')).toSorted()).toEqual(['lock', 'state'])
          rmSync(scene.folder, { recursive: true })
        }),
        { numRuns: RUNS, examples: EXAMPLES },
      )
    },
  )
})

function stopping(at: number): FileSteps {
  let count = 0
  return new FileSteps(() => {
    if (count++ >= at) throw new Error('the machine stops')
  })
}
