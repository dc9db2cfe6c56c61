import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  changeNames,
  contentAfter,
  type Change,
  type DataChange,
  type DiskFolder,
  type DiskNode,
} from './disk-model.ts'

/** What disks write at a time, in bytes. */
const SECTOR = 512

/** Of so many changes, each is tried as the only one that did not, or did, reach the disk; of more, so many are chosen. */
const TRIED_ALONE = 6

/** What becomes of a change: it is on the disk, it is not, or only its bytes are not as they should be. */
export type Fate =
  | 'whole'
  | 'gone'
  /** A file is as long as it should be, but where it grew there are zeros. */
  | 'zeros'
  /** Only the first sectors. */
  | 'beginning'
  /** Only the last sectors. */
  | 'end'
  /** Every other sector. */
  | 'stripes'

/** Decides what becomes of each change. */
export interface Variant {
  readonly title: string
  readonly fate: (change: Change) => Fate
}

/** Numbers below 1 that are the same in every run with the same seed. */
export type Random = () => number

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** All changes below a folder that are not certainly on the disk, in the order in which they were made. */
export function pendingChanges(folder: DiskFolder): readonly Change[] {
  const seen = new Set<DiskNode>()
  const changes: Change[] = []
  const visit = (node: DiskNode | undefined): void => {
    if (node === undefined || node.kind === 'link' || seen.has(node)) return
    seen.add(node)
    changes.push(...node.pending)
    if (node.kind === 'file') return
    for (const inner of node.durable.values()) visit(inner)
    for (const { names } of node.pending) for (const [, inner] of names) visit(inner)
  }
  visit(folder)
  return changes.toSorted((a, b) => a.number - b.number)
}

/**
 * The ways in which a power failure may treat changes that try most: everything or nothing is there; one is missing, or the only one; names without content
 * and content without names; the last write is torn; and any of them, at random.
 */
export function variantsOf(changes: readonly Change[], random: Random, randomVariants: number): readonly Variant[] {
  const last = changes.at(-1)
  if (last === undefined) return [{ title: 'everything', fate: () => 'whole' }]
  const alone = chosen(changes, random)
  const lastWrite = changes.findLast((change) => change.kind === 'data' && change.bytes !== undefined)
  return [
    { title: 'everything', fate: () => 'whole' },
    { title: 'nothing', fate: () => 'gone' },
    { title: 'only names', fate: ({ kind }) => (kind === 'names' ? 'whole' : 'gone') },
    { title: 'only content', fate: ({ kind }) => (kind === 'data' ? 'whole' : 'gone') },
    { title: 'names, and zeros', fate: ({ kind }) => (kind === 'names' ? 'whole' : 'zeros') },
    ...alone.map((one): Variant => ({
      title: `all but ${one.number}`,
      fate: (change) => (change === one ? 'gone' : 'whole'),
    })),
    ...alone.map((one): Variant => ({
      title: `only ${one.number}`,
      fate: (change) => (change === one ? 'whole' : 'gone'),
    })),
    ...(lastWrite === undefined ? [] : tornVariants(lastWrite)),
    ...Array.from({ length: randomVariants }, (_, index) => randomVariant(changes, random, index)),
  ]
}

function tornVariants(torn: Change): readonly Variant[] {
  const fates = ['beginning', 'end', 'stripes', 'zeros'] as const
  return fates.flatMap((fate): readonly Variant[] => [
    { title: `${fate} of ${torn.number}`, fate: (change) => (change === torn ? fate : 'whole') },
    {
      title: `names, and ${fate} of ${torn.number}`,
      fate: (change) => (change === torn ? fate : change.kind === 'names' ? 'whole' : 'gone'),
    },
  ])
}

function randomVariant(changes: readonly Change[], random: Random, index: number): Variant {
  const torn = ['zeros', 'beginning', 'end', 'stripes'] as const
  const fates = new Map<Change, Fate>()
  for (const change of changes) {
    const lot = random()
    const damage = torn[Math.floor(random() * torn.length)] ?? 'gone'
    fates.set(change, lot < 0.45 ? 'whole' : lot < 0.8 || change.kind === 'names' ? 'gone' : damage)
  }
  return { title: `random ${index}`, fate: (change) => fates.get(change) ?? 'gone' }
}

function chosen(changes: readonly Change[], random: Random): readonly Change[] {
  if (changes.length <= TRIED_ALONE) return changes
  const places = new Set([0, changes.length - 1])
  while (places.size < TRIED_ALONE) places.add(Math.floor(random() * changes.length))
  return [...places].flatMap((place) => changes[place] ?? [])
}

/** What a power failure has left of a folder. */
export type LeftNode =
  | { readonly kind: 'file'; readonly content: Buffer }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly entries: ReadonlyMap<string, LeftNode> }

/** Lets a power failure happen. What has several names stays one file. */
export function leftAfter(node: DiskNode, variant: Variant, done = new Map<DiskNode, LeftNode>()): LeftNode {
  const known = done.get(node)
  if (known !== undefined) return known
  const left = leftOf(node, variant, done)
  done.set(node, left)
  return left
}

function leftOf(node: DiskNode, variant: Variant, done: Map<DiskNode, LeftNode>): LeftNode {
  if (node.kind === 'link') return { kind: 'link', target: node.target }
  if (node.kind === 'file') {
    const changes = node.pending.flatMap((change) => survivors(change, variant.fate(change)))
    return { kind: 'file', content: changes.length === 0 ? node.durable : contentAfter(node.durable, changes) }
  }
  const names = new Map(node.durable)
  for (const change of node.pending) if (variant.fate(change) === 'whole') changeNames(names, change.names)
  const entries = [...names].map(([name, inner]) => [name, leftAfter(inner, variant, done)] as const)
  return { kind: 'folder', entries: new Map(entries) }
}

/** What of a write is on the disk. */
function survivors(change: DataChange, fate: Fate): readonly DataChange[] {
  const { offset, bytes } = change
  if (fate === 'gone') return []
  if (fate === 'whole' || bytes === undefined) return [change]
  const end = offset + bytes.length
  if (fate === 'zeros') return [{ ...change, offset: end, bytes: new Uint8Array() }]
  const cuts = [offset, ...sectorStarts(offset, end), end]
  const pieces = cuts.slice(1).map((cut, index) => ({ start: cuts[index] ?? offset, end: cut }))
  const half = Math.ceil(pieces.length / 2)
  const kept = pieces.filter((_, index) => {
    if (fate === 'beginning') return index < half
    return fate === 'end' ? index >= half : index % 2 === 0
  })
  return kept.map(({ start, end: stop }) => ({
    ...change,
    offset: start,
    bytes: bytes.subarray(start - offset, stop - offset),
  }))
}

function sectorStarts(offset: number, end: number): readonly number[] {
  const starts: number[] = []
  for (let start = (Math.floor(offset / SECTOR) + 1) * SECTOR; start < end; start += SECTOR) starts.push(start)
  return starts
}

/** The same for what is left alike. */
export function hashOf(node: LeftNode, known: WeakMap<Buffer, string>): string {
  if (node.kind === 'link') return `link ${node.target}`
  if (node.kind === 'file') {
    const hash = known.get(node.content) ?? createHash('sha256').update(node.content).digest('hex')
    known.set(node.content, hash)
    return hash
  }
  const hash = createHash('sha256')
  for (const [name, inner] of [...node.entries].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${inner.kind} ${name}\0${hashOf(inner, known)}\n`)
  return hash.digest('hex')
}

/** Makes what is left in a folder that does not exist yet. Names of one file become files of their own. */
export function materialise(node: LeftNode, path: string): void {
  if (node.kind === 'link') symlinkSync(node.target, path)
  else if (node.kind === 'file') writeFileSync(path, node.content)
  else {
    mkdirSync(path)
    for (const [name, inner] of node.entries) materialise(inner, join(path, name))
  }
}
