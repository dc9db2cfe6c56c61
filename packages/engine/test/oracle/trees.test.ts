import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { fileModeFromPosix } from '../../src/repository/file-mode.ts'
import { parseId, type Id } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/repository/snapshot-encoding.ts'
import { decodeTree } from '../../src/repository/tree-decoding.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { makeHardFolder } from '../fixtures/hard-folder.ts'
import { noRestic, noRustic, RESTIC, resticMinor, RUSTIC } from './restic.ts'

const TIMESTAMPS = fileURLToPath(new URL('../../src/repository/timestamp.ts', import.meta.url))
const ZONE = 'America/St_Johns'
/** Every call of restic derives its key anew. */
const HOOK_TIMEOUT = 300_000

const TARGETS = ['nowhere', '/absolute', '../<&>', 'new\nline\x01', '\u2028\u00e9\u{1f600}\u00a0', '"\\']
/** Of these, versions before 0.17 lose or write otherwise a part. */
const NEWER_TARGETS = ['../\udcff', '\udced\udca0\udc80', '\b\f']

interface StoredTree {
  readonly path: string
  readonly id: Id
  readonly bytes: Buffer
  readonly nodes: readonly Node[]
}

/** The paths of all that is in a folder, at any depth. */
function pathsIn(folder: string): readonly string[] {
  return readdirSync(toFsPath(folder), { encoding: 'buffer' })
    .map((name) => `${folder}/${nameFromBytes(name)}`)
    .flatMap((path) => (lstatSync(toFsPath(path)).isDirectory() ? [path, ...pathsIn(path)] : [path]))
}

/** What `timestampFromNanoseconds` makes of moments in the zone in which restic runs. */
function localTimes(moments: readonly bigint[]): readonly unknown[] {
  const script = `
    const { timestampFromNanoseconds } = await import(${JSON.stringify(TIMESTAMPS)})
    console.log(JSON.stringify(JSON.parse(process.argv[1]).map((text) => timestampFromNanoseconds(BigInt(text)))))`
  const output = execFileSync(
    process.execPath,
    ['--conditions=varve-source', '--input-type=module', '-e', script, JSON.stringify(moments.map(String))],
    {
      encoding: 'utf8',
      env: { ...process.env, TZ: ZONE },
    },
  )
  return JSON.parse(output) as readonly unknown[]
}

describe.skipIf(noRestic)('trees beside restic', () => {
  const targets = resticMinor >= 17 ? [...TARGETS, ...NEWER_TARGETS] : TARGETS
  let base = ''
  let folder = ''

  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'varve-trees-'))
    folder = join(base, 'hard')
    makeHardFolder(folder, targets)
  })

  afterAll(() => {
    rmSync(base, { recursive: true, force: true })
  })

  function restic(repository: string, ...parameters: readonly string[]): Buffer {
    const env = { ...process.env, RESTIC_REPOSITORY: join(base, repository), RESTIC_PASSWORD: 'x', TZ: ZONE }
    return execFileSync(RESTIC, [...parameters, '--no-cache'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  function rustic(...parameters: readonly string[]): Buffer {
    const shared = ['--repository', join(base, 'rustic'), '--password', 'x', '--no-cache', '--no-progress']
    return execFileSync(RUSTIC, [...parameters, ...shared], { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  function snapshotId(repository: string): Id {
    return parseId(readdirSync(join(base, repository, 'snapshots'))[0] ?? '')
  }

  /** Every tree below `root`, with the path of its folder. */
  function treesOf(repository: string, root: Id): readonly StoredTree[] {
    const pending = [{ path: '', id: root }]
    const trees: StoredTree[] = []
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const bytes = restic(repository, 'cat', 'blob', next.id)
      const { nodes } = decodeTree(bytes, next.id)
      trees.push({ ...next, bytes, nodes })
      for (const { name, subtree } of nodes) {
        if (subtree !== undefined) pending.push({ path: `${next.path}/${name}`, id: subtree })
      }
    }
    return trees
  }

  /** The entries below the folder under test, by path. */
  function entriesOf(trees: readonly StoredTree[]): ReadonlyMap<string, Node> {
    const entries = trees.flatMap(({ path, nodes }) => nodes.map((node) => [`${path}/${node.name}`, node] as const))
    return new Map(entries.filter(([path]) => path.startsWith(`${folder}/`)))
  }

  function linkTargets(entries: ReadonlyMap<string, Node>): readonly (string | undefined)[] {
    return targets.map((_, i) => entries.get(`${folder}/links/${i}`)?.linkTarget)
  }

  describe('of restic', () => {
    let snapshotJson: Buffer = Buffer.alloc(0)
    let trees: readonly StoredTree[] = []

    beforeAll(() => {
      restic('restic', 'init')
      restic('restic', 'backup', '--tag', 'a<b>', '--exclude', '*.o', '--with-atime', folder)
      const id = snapshotId('restic')
      snapshotJson = restic('restic', 'cat', 'snapshot', id)
      trees = treesOf('restic', decodeSnapshot(snapshotJson, id).tree)
    }, HOOK_TIMEOUT)

    test('each tree, decoded and encoded again, has the same bytes', () => {
      expect(trees.length).toBeGreaterThan(7)
      for (const { bytes, nodes } of trees) expect(encodeTree(nodes).toString('latin1')).toBe(bytes.toString('latin1'))
    })

    test('entries say what the file system says, times in the zone that restic ran in', () => {
      const paths = pathsIn(folder)
      const stats = paths.map((path) => lstatSync(toFsPath(path), { bigint: true }))
      const times = localTimes(stats.flatMap((stat) => [stat.mtimeNs, stat.ctimeNs]))
      const expected = stats.map((stat, i) => ({
        path: paths[i],
        mode: fileModeFromPosix(Number(stat.mode)),
        mtime: times[2 * i],
        ctime: times[2 * i + 1],
        inode: stat.ino,
        deviceId: stat.dev,
        uid: Number(stat.uid),
      }))
      const entries = entriesOf(trees)
      const stored = paths.map((path) => {
        const node = entries.get(path)
        return {
          path,
          mode: node?.mode,
          mtime: node?.mtime,
          ctime: node?.ctime,
          inode: node?.inode,
          deviceId: node?.deviceId,
          uid: node?.uid,
        }
      })
      expect(stored).toEqual(expected)
      expect(entries.size).toBe(paths.length)
    })

    test('link targets are what they were', () => {
      expect(linkTargets(entriesOf(trees))).toEqual(targets)
    })

    test('the snapshot, decoded and encoded again, says the same', () => {
      const again: unknown = JSON.parse(encodeSnapshot(decodeSnapshot(snapshotJson, snapshotId('restic'))).toString())
      expect(again).toEqual(JSON.parse(snapshotJson.toString()))
    })
  })

  describe.skipIf(noRustic)('of rustic', () => {
    let snapshotJson: Buffer = Buffer.alloc(0)

    beforeAll(() => {
      rustic('init')
      rustic('backup', '--description', 'hard <cases>', folder)
      snapshotJson = rustic('cat', 'snapshot', snapshotId('rustic'))
    }, HOOK_TIMEOUT)

    test('trees are read', () => {
      const trees = treesOf('rustic', decodeSnapshot(snapshotJson, snapshotId('rustic')).tree)
      const entries = entriesOf(trees)
      expect([...entries.keys()].toSorted()).toEqual(pathsIn(folder).toSorted())
      for (const [path, node] of entries) expect(node.inode).toBe(lstatSync(toFsPath(path), { bigint: true }).ino)
      expect(linkTargets(entries)).toEqual(targets)
      for (const { nodes } of trees)
        expect(decodeTree(encodeTree(nodes), snapshotId('rustic')).nodes).toHaveLength(nodes.length)
    })

    test('the snapshot is read', () => {
      expect(decodeSnapshot(snapshotJson, snapshotId('rustic'))).toMatchObject({
        description: 'hard <cases>',
        paths: [folder],
      })
    })
  })
})
