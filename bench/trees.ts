/**
 * How fast trees are encoded and decoded: `node --conditions=varve-source bench/trees.ts`. The folders are like those
 * of an installed npm tree; one more has 100,000 entries. Each figure is the best of several rounds.
 */
import { performance } from 'node:perf_hooks'
import { idOf } from '../packages/engine/src/repository/id.ts'
import type { Node } from '../packages/engine/src/repository/node.ts'
import { timestampFromNanoseconds } from '../packages/engine/src/repository/timestamp.ts'
import { decodeTree } from '../packages/engine/src/repository/tree-decoding.ts'
import { encodeTree } from '../packages/engine/src/repository/tree-encoding.ts'

const ROUNDS = 7
const START = 1_700_000_000_000_000_000n

function moments(count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, i) => START + BigInt(i) * 7_919_000_013n)
}

function file(number: number, name: string): Node {
  const time = timestampFromNanoseconds(START + BigInt(number) * 7_919_000_013n, 120)
  const id = idOf(Buffer.from(String(number)))
  return {
    name,
    type: 'file',
    mode: 0o644,
    mtime: time,
    atime: time,
    ctime: timestampFromNanoseconds(START + BigInt(number) * 7_919_100_013n, 120),
    uid: 1000,
    gid: 1000,
    user: 'someone',
    group: 'people',
    inode: BigInt(number) + 1_000_000n,
    deviceId: 66_306n,
    size: BigInt(number % 10_000),
    links: 1n,
    linkTarget: '',
    extendedAttributes: [],
    genericAttributes: new Map(),
    device: 0n,
    content: [id],
    subtree: undefined,
    error: '',
  }
}

function folder(first: number, count: number): readonly Node[] {
  return Array.from({ length: count }, (_, i) => file(first + i, `module-${String(i).padStart(6, '0')}.d.ts`))
}

function best(work: () => void): number {
  let seconds = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    work()
    seconds = Math.min(seconds, (performance.now() - start) / 1000)
  }
  return seconds
}

function report(what: string, count: number, bytes: number, seconds: number): void {
  const rate = bytes === 0 ? '' : `, ${(bytes / seconds / 1e6).toFixed(0)} MB/s`
  process.stdout.write(
    `${what.padEnd(46)} ${(seconds * 1000).toFixed(1).padStart(7)} ms  ${(count / seconds / 1e6).toFixed(2)} M/s${rate}\n`,
  )
}

const shapes: ReadonlyMap<string, readonly (readonly Node[])[]> = new Map([
  ['87,000 entries in folders of 9', Array.from({ length: 9667 }, (_, i) => folder(i * 9, 9))],
  ['100,000 entries in one folder', [folder(0, 100_000)]],
])
for (const [shape, folders] of shapes) {
  const trees = folders.map((nodes) => encodeTree(nodes))
  const count = folders.reduce((sum, nodes) => sum + nodes.length, 0)
  const bytes = trees.reduce((sum, tree) => sum + tree.length, 0)
  const id = idOf(Buffer.alloc(0))
  report(
    `encode ${shape}`,
    count,
    bytes,
    best(() => folders.forEach((nodes) => encodeTree(nodes))),
  )
  report(
    `decode ${shape}`,
    count,
    bytes,
    best(() => trees.forEach((tree) => decodeTree(tree, id))),
  )
}
const times = moments(1_000_000)
report(
  'write 1,000,000 timestamps',
  times.length,
  0,
  best(() => times.forEach((time) => timestampFromNanoseconds(time))),
)
