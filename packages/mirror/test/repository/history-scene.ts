import { rmSync } from 'node:fs'
import { file, folder, link, type Node, plant, type Tree } from '../../../delta/test/directory-index/trees.ts'
import type { TrackedState } from '../../src/increment/increment.ts'
import { Scene, treeOf } from '../run/scene.ts'

/** Names that not everybody can deal with. */
const STRANGE: Tree = {
  'new\nline': file('a'),
  '"quotes\'': file('b'),
  '$(touch pwned)': file('c'),
  'not utf-8 \udcff\udcfe': file('d', { mode: 0o4711 }),
  'mirror.json': file('{}'),
  backup_20260101_120000: folder({ 'backup_20260101_120000.json': file('[]') }, { mode: 0o1777 }),
}

const STATES: readonly Tree[] = [
  {
    ...STRANGE,
    same: file('never changes', { mtime: 1n }),
    text: file('one'),
    link: link('text'),
    empty: folder(),
    deep: folder({ deeper: folder({ leaf: file('leaf') }, { mode: 0o700 }), other: file('other') }),
  },
  {
    ...STRANGE,
    same: file('never changes', { mtime: 1n }),
    text: file('one and two', { mtime: 1_700_000_000_000_000_001n }),
    link: link('no\udcffwhere'),
    deep: folder({ deeper: folder({ leaf: file('leaf', { mode: 0o600 }) }, { mode: 0o700 }) }),
    copy: file('one'),
  },
  {
    same: file('never changes', { mtime: 1n }),
    text: folder({ 'is a folder': file('now') }),
    large: file(Buffer.alloc(3_000_000, 'large '), { mtime: 5n }),
  },
]

/** A mirror with an increment for each of a few states. */
export interface HistoryScene {
  readonly scene: Scene
  /** What was tracked, by the names of increments. */
  readonly states: ReadonlyMap<string, ReadonlyMap<string, TrackedState>>
}

/** Puts a tree in the source's place. */
export function replant(scene: Scene, tree: Tree): void {
  rmSync(scene.source, { recursive: true, force: true })
  plant(scene.source, tree)
}

/** Makes a mirror of several states, one after the other. @param isTracked - of which paths increments keep the history, by the rules that the scene has */
export async function makeHistory(
  scene = new Scene(),
  isTracked: (path: string) => boolean = () => true,
): Promise<HistoryScene> {
  const states = new Map<string, ReadonlyMap<string, TrackedState>>()
  for (const tree of STATES) {
    replant(scene, tree)
    const { increment } = await scene.run()
    if (increment === undefined) throw new Error('no increment was made')
    states.set(increment, treeOf(scene.source, isTracked))
  }
  return { scene, states }
}

/** The same without what a mirror leaves out. */
export function withoutPipes(tree: Tree): Tree {
  const kept = Object.entries(tree).filter(([, node]) => node.type !== 'fifo')
  return Object.fromEntries(
    kept.map(([name, node]): [string, Node] => [
      name,
      node.type === 'dir' ? { ...node, entries: withoutPipes(node.entries) } : node,
    ]),
  )
}
