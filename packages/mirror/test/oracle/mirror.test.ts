import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lchownSync,
  lstatSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { currentPlatform, toFsPath } from '@varve/platform'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { file, folder, link, trees, type Tree } from '../../../delta/test/directory-index/trees.ts'
import type { RunOptions } from '../../src/run/run-options.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { replant, withoutPipes } from '../repository/history-scene.ts'
import { Scene } from '../run/scene.ts'
import { differences, hasRsync } from './rsync.ts'

const isRoot = process.getuid?.() === 0

/** Everything that may be strange about an entry. */
const STRANGE: Tree = {
  'new\nline': file('a'),
  'return\r': file('b'),
  '\t tab and spaces ': folder({ ' ': file(' ') }),
  '"double" \'single\' `back`': file('c'),
  '$(touch pwned)': file('d'),
  '-rf': file('e'),
  '*?[a-z]': folder({ '{a,b}': file('f') }),
  'back\\slash': file('g'),
  'not utf-8 \udcff\udcfe': folder({ '\udc80': file('h') }),
  'e\u0301 and \u00e9': folder({ 'e\u0301': file('decomposed'), '\u00e9': file('composed') }),
  '\ud83d\ude00': link('\ud83d\ude00\udcff'),
  Case: file('upper'),
  case: file('lower'),
  ['n'.repeat(255)]: file('longest'),
  mirror: folder({ mirror: folder({ 'mirror.json': file('{}') }) }),
  'mirror.json': file('{}'),
  '.varve-mirror': folder({ lock: file(''), state: file('state'), work: folder() }),
  backup_20260101_120000: folder({ 'backup_20260101_120000.json': file('{}'), track: folder({ x: file('x') }) }),
  'empty file': file(''),
  'empty folder': folder({}, { mode: 0o700, mtime: 1n }),
  deep: folder({ deep: folder({ deep: folder({ deep: folder({}) }, { mode: 0o1777 }) }) }),
  modes: folder({
    none: file('none', { mode: 0 }),
    all: file('all', { mode: 0o7777 }),
    setuid: file('setuid', { mode: 0o4755 }),
    readonly: folder({ inner: file('inner', { mode: 0o444 }) }, { mode: 0o555, mtime: 12n }),
  }),
  times: folder({
    'before 1970': file('x', { mtime: -1_500_000_000n }),
    epoch: file('x', { mtime: 0n }),
    'a nanosecond': file('x', { mtime: 1_700_000_000_000_000_001n }),
    'far away': file('x', { mtime: 4_000_000_000_999_999_999n }),
    folder: folder({}, { mtime: -1n }),
    link: link('nowhere', { mtime: 987_654_321n }),
  }),
  links: folder({
    dangling: link('nowhere'),
    absolute: link('/etc'),
    'to itself': link('to itself'),
    outside: link('../../..'),
    'to a folder': link('../deep'),
    long: link('x/'.repeat(2000)),
  }),
}

/** Runs a mirror, and asks rsync what is different then. */
async function leftToDo(scene: Scene, options: RunOptions = {}, rules: readonly string[] = []): Promise<unknown> {
  const { problems } = await scene.run(options)
  return [...problems, ...differences(scene.source, scene.mirror, rules)]
}

describe.skipIf(!hasRsync)('rsync finds nothing to do', () => {
  test('where entries are as strange as they can be', async () => {
    const scene = new Scene()
    replant(scene, STRANGE)
    linkSync(join(scene.source, 'Case'), join(scene.source, 'one more name'))
    writeFileSync(join(scene.source, 'sparse'), 'start')
    truncateSync(join(scene.source, 'sparse'), 5 << 20)
    appendFileSync(join(scene.source, 'sparse'), 'end')
    if (isRoot) {
      for (const path of ['Case', 'links/dangling', 'deep/deep'])
        lchownSync(toFsPath(join(scene.source, path)), 1234, 5678)
    }
    expect(await leftToDo(scene)).toEqual([])
    // And again, after everything in it was renamed, swapped or rewritten, some of it without another size or time.
    const entries = Object.entries(STRANGE)
    replant(scene, Object.fromEntries(entries.map(([name], i) => [name, entries.at(i - 1)?.[1] ?? folder()])))
    expect(await leftToDo(scene, { checksum: true })).toEqual([])
  })

  test('whatever became of whatever, however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(trees, { minLength: 2, maxLength: 3 }), fc.boolean(), async (states, isTracked) => {
        const scene = new Scene()
        scene.rules = { ...NO_RULES, includeDirs: ['.'], trackDirs: isTracked ? ['.'] : ['a', 'b'] }
        for (const state of states) {
          replant(scene, withoutPipes(state))
          expect(await leftToDo(scene)).toEqual([])
        }
        rmSync(scene.folder, { recursive: true })
      }),
      { numRuns: 20 },
    )
  })

  test('after changes that leave little behind', async () => {
    const scene = new Scene()
    const at = (path: string): string => join(scene.source, path)
    replant(scene, { a: file('a'), b: file('b'), d: folder({ e: file('e'), f: folder() }), l: link('a') })
    expect(await leftToDo(scene)).toEqual([])
    const changes: readonly (() => void)[] = [
      () => chmodSync(at('a'), 0o600),
      () => chmodSync(at('d'), 0o700),
      () => currentPlatform().setTimes(at('b'), 5n, 5n),
      () => currentPlatform().setTimes(at('d/f'), 6n, 6n),
      () => currentPlatform().setTimes(at('l'), 7n, 7n),
      () => writeFileSync(at('a'), 'A'),
      () => renameSync(at('d/e'), at('e')),
      () => renameSync(at('d'), at('g')),
      () => rmSync(at('g'), { recursive: true }),
    ]
    for (const change of changes) {
      change()
      expect(await leftToDo(scene)).toEqual([])
    }
  })

  test('where some is left out, when it is told to leave out the same', async () => {
    const scene = new Scene()
    scene.rules = {
      ...NO_RULES,
      includeDirs: ['.'],
      excludeDirs: ['tmp', 'deep/cache'],
      excludeFiles: ['*.log', 'one'],
    }
    replant(scene, {
      tmp: folder({ x: file('x') }),
      deep: folder({ cache: folder({ y: file('y') }), tmp: folder({ kept: file('kept') }), 'a.log': file('log') }),
      'b.log': file('log'),
      one: file('one'),
      two: file('two'),
    })
    const rules = ['/tmp/', '/deep/cache/', '*.log', 'one'].map((pattern) => `--exclude=${pattern}`)
    expect(await leftToDo(scene, {}, [...rules, '--delete-excluded'])).toEqual([])
    expect(lstatSync(join(scene.mirror, 'deep/tmp/kept')).isFile()).toBe(true)
  })

  test('and would have made the same folder', async () => {
    const scene = new Scene()
    replant(scene, STRANGE)
    await scene.run()
    const theirs = join(scene.folder, 'theirs')
    execFileSync('rsync', ['-a', `${scene.source}/`, `${theirs}/`])
    expect(differences(theirs, scene.mirror)).toEqual([])
    expect(differences(scene.mirror, theirs)).toEqual([])
  })
})
