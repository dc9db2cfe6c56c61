import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import type { MirrorConfig } from '../../src/config/mirror-config.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { loadHistory, type History } from '../../src/history/history.ts'
import { recreateMetadata } from '../../src/history/recreate.ts'
import { planMirrorRestore } from '../../src/history/restore-plan.ts'
import { executeMirrorRestore } from '../../src/history/restore.ts'
import { treeAt } from '../../src/history/tree-at.ts'
import { validateIncrement } from '../../src/history/validate.ts'
import type { TrackedEntry } from '../../src/increment/tree-digest.ts'
import { runInParts } from '../../src/run/run-mirror.ts'
import { searchIncrements } from '../../src/search/search.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { readMirrorTree } from '../../src/state/mirror-tree.ts'
import { plant, scanTree, type Planted, type PlantedTree } from './destination.ts'

const planted: fc.Arbitrary<Planted> = fc.oneof(
  fc.record({
    type: fc.constant('file' as const),
    // Of different sizes: a change that leaves size and time is none to a run.
    content: fc.constantFrom('', 'a', 'bb', 'ccc'),
    mtime: fc.constantFrom(1_767_225_600_000_000_001n, 1_767_225_600_000_000_002n),
    mode: fc.constantFrom(0o644, 0o600),
  }),
  fc.constant({ type: 'dir' as const }),
  fc.record({ type: fc.constant('symlink' as const), target: fc.constantFrom('x', 'no where') }),
)
const top = fc.constantFrom('a', 'b', 'c')
const deep = fc.tuple(fc.constantFrom('d', 'e'), fc.constantFrom('x', 'y', 'new\nline')).map((names) => names.join('/'))
const tree: fc.Arbitrary<PlantedTree> = fc.dictionary(fc.oneof(top, deep), planted, { maxKeys: 5 })

/** Nothing is durable, which takes most of the time. */
class HastySteps extends FileSteps {
  override flush(): void {}
  override flushFolder(): void {}
  override flushFileSystem(): void {}
}

interface Made {
  readonly destination: string
  /** Tree that each increment was made of, by its name. */
  readonly trees: ReadonlyMap<string, readonly TrackedEntry[]>
}

/** Runs a mirror over one tree after the other. */
async function makeMirror(sources: readonly PlantedTree[]): Promise<Made> {
  const folder = scratchFolder()
  const config: MirrorConfig = {
    source: join(folder, 'source'),
    destination: join(folder, 'dist'),
    rules: { ...NO_RULES, trackDirs: ['.'] },
    maxWorkers: 1,
  }
  mkdirSync(config.destination)
  const trees = new Map<string, readonly TrackedEntry[]>()
  for (const [index, source] of sources.entries()) {
    rmSync(config.source, { recursive: true, force: true })
    mkdirSync(config.source)
    for (const [path, entry] of Object.entries(source)) plant(`${config.source}/${path}`, entry)
    const options = { allowEmpty: true, now: new Date(2026, 0, index + 1) }
    const { increment, problems } = await runInParts(config, options, { steps: new HastySteps(), isFolding: false })
    expect(problems).toEqual([])
    if (increment !== undefined) trees.set(increment, scanTree(config.source))
  }
  return { destination: config.destination, trees }
}

async function expectTrees(history: History, trees: Made['trees'], skipped?: string): Promise<void> {
  for (const increment of history.increments) {
    if (increment.name === skipped) continue
    const found = treeAt(history, increment)
    expect(found).toMatchObject({ isVerified: true, entries: trees.get(increment.name) })
  }
  const last = history.increments.at(-1)
  if (last === undefined) return
  const target = join(scratchFolder(), 'target')
  const result = await executeMirrorRestore(planMirrorRestore(history, last, target))
  expect(result.problems).toEqual([])
  expect(scanTree(target)).toEqual(trees.get(last.name))
}

describe('what runs leave', () => {
  it('is whole, known and restored, forward from the first increment and backward from the mirror', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 4 }), async (sources) => {
        const { destination, trees } = await makeMirror(sources)
        for (const name of trees.keys()) {
          expect((await validateIncrement(join(destination, name))).findings).toEqual([])
        }
        await expectTrees(await loadHistory(destination, undefined), trees)
        await expectTrees(await loadHistory(destination, readMirrorTree(destination)), trees)
        const [first] = trees.keys()
        if (first === undefined || trees.size === 1) return
        renameSync(join(destination, first), join(destination, 'moved away'))
        await expectTrees(await loadHistory(destination, readMirrorTree(destination)), trees)
      }),
      { numRuns: 40 },
    )
  })

  it('can have its metadata rebuilt, and files are as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 3 }), async (sources) => {
        const { destination, trees } = await makeMirror(sources)
        for (const name of trees.keys()) {
          await recreateMetadata(destination, name, { force: true })
          expect((await validateIncrement(join(destination, name))).findings).toEqual([])
        }
        const history = await loadHistory(destination, undefined)
        for (const increment of history.increments) {
          const { entries } = treeAt(history, increment)
          const expected = trees.get(increment.name) ?? []
          expect(entries.filter(isNoFolder)).toEqual(expected.filter(isNoFolder))
        }
      }),
      { numRuns: 10 },
    )
  })

  it('is searched', async () => {
    const { destination, trees } = await makeMirror([{ 'a.py': 'x', 'folder/b.md': 'y' }, { 'folder/b.md': 'z' }])
    const { found } = await searchIncrements(destination, { masks: ['*.py'] })
    expect(found.map(({ increment, files }) => [increment.name, files[0]?.category])).toEqual(
      [...trees.keys()].map((name, index) => [name, index === 0 ? 'track' : 'deleted']),
    )
  })
})

function isNoFolder({ state }: TrackedEntry): boolean {
  return state.type !== 'dir'
}
