import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { chmodSync, linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'
import type { Platform } from '@varve/platform'
import { FileMode } from '../../src/repository/file-mode.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'
import { NodeBuilder, nodeType } from '../../src/snapshot/node-builder.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'

const platform = currentPlatform()
const no = (): boolean => false

interface Built {
  readonly node: Node
  readonly stats: BigIntStats
  readonly incomplete: readonly string[]
}

function build(path: string, options: { readonly withAtime?: boolean; readonly platform?: Platform } = {}): Built {
  const incomplete: string[] = []
  const builder = new NodeBuilder(options.platform ?? platform, {
    withAtime: options.withAtime === true,
    onIncomplete: (where, message) => incomplete.push(`${where}: ${message}`),
  })
  const stats = lstatSync(toFsPath(path), { bigint: true })
  return { node: builder.build('name', path, stats), stats, incomplete }
}

/** A platform whose extended attributes cannot be read. */
function refusing(code: string): Platform {
  const error = Object.assign(new Error(`${code}: not allowed, llistxattr '/there'`), { code, errno: -13 })
  return {
    ...platform,
    extendedAttributes: {
      read: () => {
        throw error
      },
      mayHave: () => true,
      replace: () => undefined,
    },
  }
}

describe('the fields that each kind has', () => {
  test('a file', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, 'content')
    chmodSync(path, 0o4751)
    linkSync(path, `${path}2`)
    const { node, stats } = build(path)
    expect(node).toEqual({
      name: 'name',
      type: 'file',
      mode: FileMode.setuid + 0o751,
      mtime: timestampFromNanoseconds(stats.mtimeNs),
      atime: timestampFromNanoseconds(stats.mtimeNs),
      ctime: timestampFromNanoseconds(stats.ctimeNs),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      user: platform.accounts.userName(Number(stats.uid)),
      group: platform.accounts.groupName(Number(stats.gid)),
      inode: stats.ino,
      deviceId: stats.dev,
      size: 7n,
      links: 2n,
      linkTarget: '',
      extendedAttributes: [],
      genericAttributes: new Map(),
      device: 0n,
      content: [],
      subtree: undefined,
      error: '',
    })
  })

  test('a folder counts no links and has no size', () => {
    const path = join(scratchFolder(), 'folder')
    mkdirSync(join(path, 'inner'), { recursive: true })
    chmodSync(path, 0o3711)
    const { node } = build(path)
    expect(node).toMatchObject({ type: 'dir', size: 0n, links: 0n, content: null, subtree: undefined })
    expect(node.mode).toBe(FileMode.dir + FileMode.setgid + FileMode.sticky + 0o711)
  })

  test.each(['nowhere', '/absolute/é', '../\udcff', 'a\nb', 'x'.repeat(4000)])(
    'a symbolic link to %j, whose target is not followed',
    (target) => {
      const path = join(scratchFolder(), 'link')
      symlinkSync(nameToBytes(target), path)
      expect(build(path).node).toMatchObject({
        type: 'symlink',
        mode: FileMode.symlink + 0o777,
        size: 0n,
        links: 1n,
        linkTarget: target,
        content: null,
      })
    },
  )

  test('a FIFO and a socket count no links', async () => {
    const folder = scratchFolder()
    execFileSync('mkfifo', ['-m', '600', join(folder, 'fifo')])
    const server = createServer().listen(join(folder, 'socket'))
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    expect(build(join(folder, 'fifo')).node).toMatchObject({
      type: 'fifo',
      mode: FileMode.namedPipe + 0o600,
      links: 0n,
    })
    expect(build(join(folder, 'socket')).node).toMatchObject({ type: 'socket', links: 0n, content: null })
  })

  test('a device has its number', () => {
    const { node, stats } = build('/dev/null')
    expect(node).toMatchObject({ type: 'chardev', device: stats.rdev, links: 1n, size: 0n, content: null })
    expect(node.device).not.toBe(0n)
    expect(node.mode & (FileMode.charDevice | 0o777)).toBe(FileMode.charDevice | Number(stats.mode & 0o777n))
  })

  test('what is none of these is irregular', () => {
    const stats = {
      isFile: no,
      isDirectory: no,
      isSymbolicLink: no,
      isCharacterDevice: no,
      isBlockDevice: no,
      isFIFO: no,
      isSocket: no,
    } as unknown as BigIntStats
    expect(nodeType(stats)).toBe('irregular')
  })
})

test('the time of access is kept only if asked for', () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, '')
  platform.setTimes(path, 1_000_000_000_000_000_001n, 1_700_000_000_123_456_789n)
  expect(build(path).node.atime).toBe(timestampFromNanoseconds(1_700_000_000_123_456_789n))
  expect(build(path, { withAtime: true }).node).toMatchObject({
    atime: timestampFromNanoseconds(1_000_000_000_000_000_001n),
    mtime: timestampFromNanoseconds(1_700_000_000_123_456_789n),
  })
})

describe('extended attributes', () => {
  test.skipIf(platform.extendedAttributes === undefined)('are those of the entry', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, '')
    platform.extendedAttributes?.replace(path, [{ name: 'user.a', value: Buffer.from([0, 255]) }])
    expect(build(path).node.extendedAttributes).toEqual([{ name: 'user.a', value: new Uint8Array([0, 255]) }])
  })

  test('that cannot be read are said to be missing, and the entry is there without', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, '')
    const { node, incomplete } = build(path, { platform: refusing('EACCES') })
    expect(node.extendedAttributes).toEqual([])
    expect(incomplete).toEqual([`${path}: its extended attributes could not be read: permission denied (EACCES)`])
  })

  test('of folders that only lead to a source are passed over where nobody may read them', () => {
    const path = scratchFolder()
    const stats = lstatSync(path, { bigint: true })
    for (const [code, said] of Object.entries({ EACCES: 0, EPERM: 0, EIO: 1 })) {
      const incomplete: string[] = []
      const onIncomplete = (_: string, message: string): unknown => incomplete.push(message)
      const node = new NodeBuilder(refusing(code), { withAtime: false, onIncomplete }).buildLeading('n', path, stats)
      expect(node).toMatchObject({ type: 'dir', extendedAttributes: [] })
      expect(incomplete).toHaveLength(said)
    }
  })

  test('are none where the platform has none', () => {
    const path = scratchFolder()
    const without = { ...platform, extendedAttributes: undefined, extendedAttributesMissing: 'so be it' }
    expect(build(path, { platform: without })).toMatchObject({ node: { extendedAttributes: [] }, incomplete: [] })
  })
})

describe('a node that gets the state in which its file was found', () => {
  const state = { size: 9n, mtimeNs: 5n, ctimeNs: 6n, ino: 7n }
  const options = { onIncomplete: () => undefined }

  test('has an inode without a sign, as the system has it', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, 'content')
    const builder = new NodeBuilder(platform, { ...options, withAtime: false })
    // Node has the highest ones below zero.
    expect(builder.withState(build(path).node, { ...state, ino: -1n }).inode).toBe(2n ** 64n - 1n)
  })

  test('has its times and inode, and nothing else of it', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, 'content')
    const { node } = build(path)
    const moved = new NodeBuilder(platform, { ...options, withAtime: false }).withState(node, state)
    const [mtime, ctime] = [timestampFromNanoseconds(5n), timestampFromNanoseconds(6n)]
    expect(moved).toEqual({ ...node, mtime, atime: mtime, ctime, inode: 7n })
    const withAtime = new NodeBuilder(platform, { ...options, withAtime: true }).withState(node, state)
    expect(withAtime).toEqual({ ...node, mtime, ctime, inode: 7n })
  })
})
