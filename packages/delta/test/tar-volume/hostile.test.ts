import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { isVarveError } from '@varve/platform/errors'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import {
  encodeEntry,
  encodeExtension,
  END_OF_ARCHIVE,
  type WritableEntry,
} from '../../src/tar-volume/entry-encoding.ts'
import { encodeHeader, paddedSize } from '../../src/tar-volume/tar-header.ts'
import { TarVolume } from '../../src/tar-volume/tar-volume.ts'
import { noise } from '../directory-index/trees.ts'
import { file, makeTree, readTree } from './tree.ts'

const ENTRY: WritableEntry = {
  path: 'x',
  type: 'file',
  size: 0,
  mode: 0o644,
  mtime: 0n,
  uid: 0,
  gid: 0,
  userName: '',
  groupName: '',
  linkTarget: '',
}

const HEADER = {
  prefix: Buffer.alloc(0),
  name: Buffer.from('x'),
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  typeflag: '0',
  linkName: Buffer.alloc(0),
  userName: Buffer.alloc(0),
  groupName: Buffer.alloc(0),
}

function member(entry: Partial<WritableEntry>, content = ''): Buffer {
  const bytes = Buffer.from(content)
  const padding = Buffer.alloc(paddedSize(bytes.length) - bytes.length)
  return Buffer.concat([encodeEntry({ ...ENTRY, size: bytes.length, ...entry }), bytes, padding])
}

/** A folder with an archive of these members, and a target beside which nothing may appear. */
function archive(...parts: readonly Buffer[]) {
  const scratch = scratchFolder()
  const path = join(scratch, 'archive.tar')
  writeFileSync(path, Buffer.concat([...parts, END_OF_ARCHIVE]))
  const target = join(scratch, 'target')
  return { scratch, path, target, extract: async () => (await TarVolume.open({ volumes: [path] })).extractAll(target) }
}

test.each([
  ['a parent folder', member({ path: '../evil' }, 'x')],
  ['a parent folder in the middle', member({ path: 'a/../../evil' }, 'x')],
  ['an absolute path', member({ path: '/tmp/varve-evil' }, 'x')],
  ['NUL', Buffer.concat([encodeExtension('x', [['path', 'a\0b']]), member({}, 'x')])],
  ['an empty name', member({ path: '' }, 'x')],
  ['a name of dots', Buffer.concat([encodeExtension('x', [['path', '..']]), member({ type: 'dir' })])],
])('%s in a name is refused', async (_, bytes) => {
  const { scratch, extract } = archive(member({ path: 'good' }, 'fine'), bytes)
  await expect(extract()).rejects.toMatchObject({ code: 'ERR_VARVE_UNSAFE_PATH' })
  expect(readdirSync(scratch)).toEqual(['archive.tar'])
})

test.each([
  [
    'through a symbolic link',
    [member({ path: 'l', type: 'symlink', linkTarget: '/tmp' }), member({ path: 'l/evil' }, 'x')],
  ],
  [
    'through one that comes later',
    [member({ path: 'l/evil' }, 'x'), member({ path: 'l', type: 'symlink', linkTarget: '/tmp' })],
  ],
  [
    'through one far above',
    [member({ path: 'l', type: 'symlink', linkTarget: '/' }), member({ path: 'l/a/b/c' }, 'x')],
  ],
  ['below a file', [member({ path: 'f' }, 'x'), member({ path: 'f/g' }, 'x')]],
  ['twice', [member({ path: 'f' }, 'x'), member({ path: 'f' }, 'y')]],
  ['twice, spelled otherwise', [member({ path: 'f/g' }, 'x'), member({ path: './f//g' }, 'y')]],
  [
    'a link and then a file',
    [member({ path: 'f', type: 'symlink', linkTarget: '/tmp/x' }), member({ path: 'f' }, 'y')],
  ],
  ['a hard link to outside', [member({ path: 'h', type: 'hardlink', linkTarget: '/etc/passwd' })]],
  ['a hard link to a parent folder', [member({ path: 'h', type: 'hardlink', linkTarget: '../target' })]],
  [
    'a hard link to a symbolic link',
    [
      member({ path: 's', type: 'symlink', linkTarget: '/etc/passwd' }),
      member({ path: 'h', type: 'hardlink', linkTarget: 's' }),
    ],
  ],
  [
    'hard links in a circle',
    [
      member({ path: 'a', type: 'hardlink', linkTarget: 'b' }),
      member({ path: 'b', type: 'hardlink', linkTarget: 'a' }),
    ],
  ],
])('members %s are refused', async (_, members) => {
  const { scratch, extract } = archive(member({ path: 'good' }, 'fine'), ...members)
  await expect(extract()).rejects.toMatchObject({ code: 'ERR_VARVE_UNSAFE_PATH' })
  expect(readdirSync(scratch)).toEqual(['archive.tar'])
})

test('symbolic links in a target that is there are not followed', async () => {
  const { scratch, target, extract } = archive(member({ path: 'l/evil' }, 'x'))
  mkdirSync(join(scratch, 'outside'))
  mkdirSync(target)
  symlinkSync('../outside', join(target, 'l'))
  await expect(extract()).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
  expect(readdirSync(join(scratch, 'outside'))).toEqual([])
  expect(readdirSync(target)).toEqual(['l'])
})

test('a link to anywhere is a link, nothing more', async () => {
  const { target, extract } = archive(member({ path: 'l', type: 'symlink', linkTarget: '/etc' }))
  await extract()
  expect(readTree(target)['l']).toMatch(/link to \/etc$/)
})

test('devices are left out and reported, sparse files refused', async () => {
  const fifo = encodeHeader({ ...HEADER, name: Buffer.from('pipe'), typeflag: '6' })
  const left = archive(member({ path: 'good' }, 'fine'), fifo)
  expect((await left.extract()).problems).toEqual([expect.objectContaining({ path: 'pipe' })])
  expect(readdirSync(left.target)).toEqual(['good'])
  const unknown = archive(encodeHeader({ ...HEADER, name: Buffer.from('odd'), typeflag: 'Z' }))
  expect((await unknown.extract()).problems).toEqual([expect.objectContaining({ path: 'odd' })])
  const sparse = Buffer.concat([
    encodeExtension('x', [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.name', 'big'],
    ]),
    member({}, 'x'),
  ])
  await expect(archive(sparse).extract()).rejects.toMatchObject({ code: 'ERR_VARVE_UNSUPPORTED' })
})

test('sizes that cannot be', async () => {
  const beyond = Buffer.concat([encodeExtension('x', [['size', '99999999999999999999']]), member({}, 'x')])
  await expect(archive(beyond).extract()).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  const negative = encodeHeader(HEADER)
  negative.fill(0xff, 124, 136)
  fixChecksum(negative)
  await expect(archive(negative).extract()).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  const extension = encodeHeader({ ...HEADER, typeflag: 'x', size: 0o77777777777 })
  await expect(archive(extension).extract()).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  // 8 EiB minus one are announced, and not there.
  const huge = Buffer.concat([encodeExtension('x', [['size', '9007199254740991']]), encodeHeader(HEADER)])
  await expect(archive(huge).extract()).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
})

test('bombs: what unpacks to more than is allowed, or goes on after its end', async () => {
  const { path, target } = archive()
  const zeros = Buffer.concat([encodeEntry({ ...ENTRY, size: 64 << 20 }), Buffer.alloc(64 << 20), END_OF_ARCHIVE])
  writeFileSync(path, zstdCompressSync(zeros))
  await expect(TarVolume.open({ volumes: [path] }, { maxBytes: 1 << 20 })).rejects.toMatchObject({
    code: 'ERR_VARVE_TOO_LARGE',
  })
  const reader = await TarVolume.open({ volumes: [path] })
  await expect(reader.extractAll(target, { maxBytes: 1 << 20 })).rejects.toMatchObject({ code: 'ERR_VARVE_TOO_LARGE' })
  writeFileSync(path, gzipSync(Buffer.concat([member({}, 'x'), END_OF_ARCHIVE, Buffer.alloc(8 << 20)])))
  await expect(TarVolume.open({ volumes: [path] })).rejects.toThrow('goes on long after the end')
  expect(readdirSync(join(path, '..'))).toEqual(['archive.tar'])
})

test('more than the file system has room for is refused before anything is written', async () => {
  const { path, target } = archive(member({}, 'x'))
  const key = 'k'
  const folder = join(path, '..')
  await (await TarVolume.create({ folder, key })).close()
  // An index that promises a file of a petabyte.
  const reader = await TarVolume.open({ folder, key })
  const [volume] = reader.index.volumes
  expect(volume).toBeDefined()
  const { writeVolumeIndex } = await import('../../src/tar-volume/volume-index-file.ts')
  const size = 2 ** 50
  const promised = { ...ENTRY, size, sha256: undefined, pieces: [{ volume: 1, offset: 0, size }] as const }
  await writeVolumeIndex(join(folder, 'k.volumes.jsonl'), { ...reader.index, members: [promised] })
  const liar = await TarVolume.open({ folder, key })
  await expect(liar.extractAll(target)).rejects.toMatchObject({ code: 'ERR_VARVE_TOO_LARGE' })
  expect(readdirSync(folder)).not.toContain('target')
})

async function volumes() {
  const scratch = scratchFolder()
  const root = join(scratch, 'root')
  makeTree(root, { a: file(9000), b: file(9000), c: file(9000) })
  const folder = join(scratch, 'volumes')
  const made = await (
    await TarVolume.create({ folder, root, key: 'k', volumeSize: 16 << 10, compression: 'none' })
  ).compress()
  expect(made.volumes).toHaveLength(3)
  return {
    scratch,
    root,
    folder,
    out: join(scratch, 'out'),
    path: (number: number) => join(folder, `k.vol${number}.tar`),
  }
}

test('missing, truncated, damaged and foreign volumes are named, and nothing is extracted', async () => {
  const { scratch, folder, out, path } = await volumes()
  const other = await volumes()
  const { rmSync, copyFileSync } = await import('node:fs')
  const cases: readonly [(victim: string) => void, RegExp][] = [
    [(victim) => rmSync(victim), /k\.vol2\.tar' is missing/],
    [(victim) => truncateSync(victim, 5000), /k\.vol2\.tar' is truncated/],
    [(victim) => truncateSync(victim, 0), /k\.vol2\.tar' is truncated/],
    [
      (victim) => writeFileSync(victim, Buffer.from(readFileSync(victim)).fill(1, 6000, 6001)),
      /'root\/b' is not what was added|k\.vol2\.tar/,
    ],
    [(victim) => copyFileSync(other.path(2), victim), /k\.vol2\.tar' does not belong to (?:the|this) set/],
    [(victim) => copyFileSync(path(3), victim), /k\.vol2\.tar' is volume 3 of its set, not 2/],
    [(victim) => writeFileSync(victim, noise(20_000)), /k\.vol2\.tar' is no tar/],
  ]
  const sound = readFileSync(path(2))
  for (const [harm, message] of cases) {
    harm(path(2))
    const reader = await TarVolume.open({ folder, key: 'k' })
    await expect(reader.extractAll(out)).rejects.toThrow(message)
    await expect(buffer(reader.extractFile('root/b'))).rejects.toThrow(/k\.vol2\.tar|'root\/b' is not what was added/)
    // The others are not affected.
    expect((await buffer(reader.extractFile('root/a'))).length).toBe(9000)
    // Without the index, nothing knows the right content; all else is noticed when the set is opened.
    const opening = TarVolume.open({ folder, key: 'k', index: false }).then(() => 'opened', String)
    expect(await opening).toMatch(message.source.includes('not what was added') ? /opened/ : /k\.vol2\.tar/)
    writeFileSync(path(2), sound)
  }
  expect(readdirSync(scratch).toSorted()).toEqual(['root', 'volumes'])
  rmSync(path(3))
  await expect(TarVolume.open({ folder, key: 'k', index: false })).rejects.toThrow(
    /a volume after '.*k\.vol2\.tar' is missing/,
  )
  const incomplete = await TarVolume.open({ folder, key: 'k', index: false }, { incomplete: true })
  expect(incomplete.members().map(({ path: name }) => name)).toEqual(['root', 'root/a', 'root/b'])
})

test('volumes are in the order of their numbers', async () => {
  const scratch = scratchFolder()
  const writer = await TarVolume.create({ folder: scratch, key: 'k', volumeSize: 8 << 10, compression: 'none' })
  const names = Array.from({ length: 11 }, (_, i) => `f${i}`)
  for (const name of names) await writer.addBuffer(name, noise(4000))
  await writer.close()
  const reader = await TarVolume.open({ folder: scratch, key: 'k', index: false })
  expect(reader.members().map(({ path }) => path)).toEqual(names)
  expect(reader.index.volumes.map(({ file: name }) => name).slice(8)).toEqual([
    'k.vol9.tar',
    'k.vol10.tar',
    'k.vol11.tar',
  ])
})

test('an index is not believed blindly', async () => {
  const { folder } = await volumes()
  const path = join(folder, 'k.volumes.jsonl')
  const text = readFileSync(path, 'utf8')
  const lines = text.split('\n')
  const harmed = [
    '',
    'no index',
    '{}\n',
    text.slice(0, -30),
    lines.slice(0, -2).join('\n'),
    text.replace('"size":9000', '"size":9001'),
    text.replace('k.vol1.tar', '../evil'),
    `${text}{}\n`,
    text.replace('\n', '\n{"member":{"path":1}}\n'),
    'x'.repeat(100_000),
  ]
  for (const bytes of harmed) {
    writeFileSync(path, bytes)
    await expect(TarVolume.open({ folder, key: 'k' })).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  }
  writeFileSync(path, text.replace('"version":1', '"version":2'))
  await expect(TarVolume.open({ folder, key: 'k' })).rejects.toMatchObject({ code: 'ERR_VARVE_FORMAT' })
})

test('any bytes are a tar or are refused, never more', async () => {
  const { path } = archive()
  const good = Buffer.concat([
    member({ path: 'a\u00e4', mtime: 5n }, 'content'),
    member({ path: 'd', type: 'dir' }),
    END_OF_ARCHIVE,
  ])
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      fc.constantFrom((bytes: Buffer) => bytes, gzipSync, zstdCompressSync),
      async (changes, length, compress) => {
        const bytes = Buffer.from(good)
        for (const [at, value] of changes) bytes[at] = value
        writeFileSync(path, compress(bytes.subarray(0, length)))
        const outcome = await TarVolume.open({ volumes: [path] }).then(
          () => 'ERR_VARVE_DAMAGED',
          (error: unknown) => (isVarveError(error) ? error.code : error),
        )
        expect(outcome).toBe('ERR_VARVE_DAMAGED')
      },
    ),
    { numRuns: 300 },
  )
})

function fixChecksum(block: Buffer): void {
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}
