import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { currentPlatform, nameFromBytes, toFsPath } from '@varve/platform'

/** What a test puts into a folder. */
export type Tree = Readonly<Record<string, Node>>

export type Node =
  | { readonly type: 'file'; readonly content: Uint8Array; readonly mode?: number; readonly mtime?: bigint }
  | { readonly type: 'dir'; readonly entries: Tree; readonly mode?: number; readonly mtime?: bigint }
  | { readonly type: 'symlink'; readonly target: string; readonly mtime?: bigint }
  | { readonly type: 'fifo'; readonly mode?: number; readonly mtime?: bigint }

const USUAL_TIME = 1_600_000_000_123_456_789n

export function file(
  content: string | Uint8Array,
  rest: { readonly mode?: number; readonly mtime?: bigint } = {},
): Node {
  return { type: 'file', content: typeof content === 'string' ? Buffer.from(content) : content, ...rest }
}

export function folder(entries: Tree = {}, rest: { readonly mode?: number; readonly mtime?: bigint } = {}): Node {
  return { type: 'dir', entries, ...rest }
}

export function link(target: string, rest: { readonly mtime?: bigint } = {}): Node {
  return { type: 'symlink', target, ...rest }
}

/** All that comes. */
export async function collect<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const each of source) all.push(each)
  return all
}

/** What an index or difference says of itself. */
export function summaryOf(value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value))
}

/** Makes a folder with this in it, all times set. */
export function plant(path: string, tree: Tree): void {
  plantNode(path, folder(tree, { mode: 0o755 }))
}

function plantNode(path: string, node: Node): void {
  const fsPath = toFsPath(path)
  if (node.type === 'dir') {
    mkdirSync(fsPath)
    for (const [name, child] of Object.entries(node.entries)) plantNode(`${path}/${name}`, child)
  } else if (node.type === 'file') {
    writeFileSync(fsPath, node.content)
  } else if (node.type === 'symlink') {
    symlinkSync(toFsPath(node.target), fsPath)
  } else {
    currentPlatform().makeSpecial(path, 'fifo', 0n)
  }
  settle(path, node)
}

/** Gives an entry that was made its permissions and time. */
export function settle(
  path: string,
  { type, mode, mtime = USUAL_TIME }: { readonly type: Node['type']; readonly mode?: number; readonly mtime?: bigint },
): void {
  if (type !== 'symlink') chmodSync(toFsPath(path), mode ?? (type === 'dir' ? 0o755 : 0o644))
  currentPlatform().setTimes(path, mtime, mtime)
}

/** What there is at a place: the content of a file as its SHA-256, of a link its target. */
export interface Found {
  readonly type: 'file' | 'dir' | 'symlink' | 'special'
  readonly mode: bigint
  readonly mtimeNs: bigint
  readonly size: bigint
  readonly content: string
}

/** All that there is in a folder, by path, and the folder itself, whose path is empty: looked at without the code under test. */
export function lookAround(path: string): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>()
  const visit = (relative: string): void => {
    const fsPath = toFsPath(relative === '' ? path : `${path}/${relative}`)
    const stats = lstatSync(fsPath, { bigint: true })
    const { mode, mtimeNs, size } = stats
    if (stats.isFile()) {
      const content = createHash('sha256').update(readFileSync(fsPath)).digest('hex')
      found.set(relative, { type: 'file', mode, mtimeNs, size, content })
    } else if (stats.isSymbolicLink()) {
      const content = nameFromBytes(readlinkSync(fsPath, { encoding: 'buffer' }))
      found.set(relative, { type: 'symlink', mode, mtimeNs, size, content })
    } else {
      found.set(relative, { type: stats.isDirectory() ? 'dir' : 'special', mode, mtimeNs, size, content: '' })
    }
    if (!stats.isDirectory()) return
    for (const name of readdirSync(fsPath, { encoding: 'buffer' }).toSorted((a, b) => a.compare(b))) {
      visit(relative === '' ? nameFromBytes(name) : `${relative}/${nameFromBytes(name)}`)
    }
  }
  visit('')
  return found
}

/** All that there is in a folder: a line for each entry, and one for the folder itself. */
export function survey(path: string): readonly string[] {
  return Array.from(lookAround(path), ([relative, { mode, mtimeNs, content }]) =>
    [JSON.stringify(relative), mode.toString(8), mtimeNs, content].join(' '),
  )
}

const names = fc.constantFrom('a', 'b', 'c', 'A', 'a!', 'a b', 'é', 'z\udcff', '-')
const times = fc.bigInt({ min: -1_000_000_000n, max: 4_000_000_000_000_000_000n })
const modes = fc.constantFrom(0o644, 0o600, 0o755, 0o400, 0o4755)
const folderModes = fc.constantFrom(0o755, 0o700, 0o500, 0o1777)

/** Few contents, so that files of two trees often have the same; some are long enough for signatures and resemble each other. */
const contents = fc.constantFrom(
  Buffer.alloc(0),
  Buffer.from('one'),
  Buffer.from('two'),
  Buffer.alloc(6000, 'long'),
  Buffer.concat([Buffer.alloc(3000, 'long'), Buffer.from('!'), Buffer.alloc(3000, 'long')]),
  noise(20_000, 1),
  Buffer.concat([noise(10_000, 2), noise(20_000, 1)]),
)

/** Bytes that look random and are the same each time. */
export function noise(length: number, seed = 1): Buffer {
  const pieces: Buffer[] = []
  for (let i = 0; i * 32 < length; i++) pieces.push(createHash('sha256').update(`${seed}:${i}`).digest())
  return Buffer.concat(pieces).subarray(0, length)
}

/** Any tree, of few names, so that two of them have much in common. */
export const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; node: Node }>((tie) => ({
  tree: fc.dictionary(names, tie('node'), { maxKeys: 5 }),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ type: fc.constant('file' as const), content: contents, mode: modes, mtime: times }),
    fc.record({
      type: fc.constant('symlink' as const),
      target: fc.constantFrom('a', '/etc', '../..', 'z\udcff'),
      mtime: times,
    }),
    fc.record({ type: fc.constant('fifo' as const), mode: modes, mtime: times }),
    fc.record({ type: fc.constant('dir' as const), entries: tie('tree'), mode: folderModes, mtime: times }),
  ),
})).tree
