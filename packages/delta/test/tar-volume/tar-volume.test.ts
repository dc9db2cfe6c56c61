import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { isVarveError } from '@varve/platform/errors'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { COMPRESSIONS } from '../../src/tar-volume/compression.ts'
import { TarVolume } from '../../src/tar-volume/tar-volume.ts'
import type { TarVolumeOptions } from '../../src/tar-volume/tar-volume-options.ts'
import { noise } from '../directory-index/trees.ts'
import { type Entry, file, makeTree, readTree } from './tree.ts'

function scene(entries: Readonly<Record<string, Entry>>) {
  const scratch = scratchFolder()
  const root = join(scratch, 'mydir')
  makeTree(root, entries)
  return { scratch, root, folder: join(scratch, 'volumes'), out: join(scratch, 'out') }
}

const FIVE = { a: file(9000), b: file(9000), 'sub/c': file(9000), 'sub/deep/d': file(9000), e: file(9000) }

test('the words of the original: compress, extract all, one folder, one file', async () => {
  const { root, folder, out, scratch } = scene({ ...FIVE, file1: { type: 'file', content: Buffer.from('one') } })
  const written = await TarVolume.create({ folder, root, volumeSize: 16 << 10 })
  const { volumes, index, problems } = await written.compress()
  expect(problems).toEqual([])
  expect(volumes.map((path) => path.slice(folder.length + 1))).toEqual([
    'mydir.vol1.tgz',
    'mydir.vol2.tgz',
    'mydir.vol3.tgz',
    'mydir.vol4.tgz',
    'mydir.vol5.tgz',
  ])
  expect(index).toBe(join(folder, 'mydir.volumes.jsonl'))

  const volume = await TarVolume.open({ folder, key: 'mydir' })
  expect(volume.members().map(({ path }) => path)).toContain('mydir/sub/deep/d')
  await volume.extractAll(out)
  expect(readTree(join(out, 'mydir'))).toEqual(readTree(root))
  expect(String(await buffer(volume.extractFile('mydir/file1')))).toBe('one')
  await volume.extract('mydir/sub', join(scratch, 'part'))
  expect(readTree(join(scratch, 'part/mydir/sub'))).toEqual(readTree(join(root, 'sub')))
  await volume.extract('mydir/file1', join(scratch, 'single'))
  expect(Object.keys(readTree(join(scratch, 'single')))).toEqual(['mydir', 'mydir/file1'])
})

test('add and compress give the same members, whichever way a file is named', async () => {
  const { root, folder, scratch } = scene({ file1: file(10), 'sub/file2': file(20) })
  const byOne = await TarVolume.create({ folder, root })
  await byOne.add('file1')
  await byOne.add(join(root, 'sub'))
  await byOne.close()
  const whole = await TarVolume.create({ folder: join(scratch, 'whole'), root })
  const { members } = await whole.compress()
  const opened = await TarVolume.open({ folder, key: 'mydir' })
  expect(opened.members().map(({ path }) => path)).toEqual(['mydir/file1', 'mydir/sub', 'mydir/sub/file2'])
  expect(members.map(({ path }) => path)).toEqual(['mydir', 'mydir/file1', 'mydir/sub', 'mydir/sub/file2'])
  const outside = await TarVolume.create({ folder: join(scratch, 'outside'), root })
  await expect(outside.add('../volumes')).rejects.toThrow('does not lie in')
  await expect(outside.add('missing')).rejects.toMatchObject({ code: 'ERR_VARVE_SOURCE' })
  // Neither spoiled anything.
  await outside.add('file1')
  await expect(outside.add('file1')).rejects.toMatchObject({ code: 'ERR_VARVE_UNSAFE_PATH' })
  expect((await outside.close()).members).toHaveLength(1)
})

describe.each(COMPRESSIONS)('%s', (compression) => {
  test('one file needs only its volume', async () => {
    const { root, folder, out } = scene(FIVE)
    await (await TarVolume.create({ folder, root, volumeSize: 16 << 10, compression })).compress()
    const volume = await TarVolume.open({ folder, key: 'mydir' })
    const wanted = volume.member('mydir/sub/c')
    const kept = volume.index.volumes.find(({ number }) => number === wanted.pieces[0].volume)?.file
    for (const name of readdirSync(folder))
      if (name !== kept && name !== 'mydir.volumes.jsonl') rmSync(join(folder, name))
    const again = await TarVolume.open({ folder, key: 'mydir' })
    expect(await buffer(again.extractFile('mydir/sub/c'))).toEqual(readFileSync(join(root, 'sub/c')))
    expect((await again.extract('mydir/sub/c', out)).files).toBe(1)
    await expect(buffer(again.extractFile('mydir/a'))).rejects.toThrow(/mydir\.vol1\.\w+' is missing/)
    await expect(again.extractAll(`${out}2`)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
    expect(existsSync(`${out}2`)).toBe(false)
  })

  test('what comes out is what went in, with and without the index', async () => {
    const target = 'elsewhere\udcff/../x'
    const { root, folder, scratch } = scene({
      'empty folder': { type: 'dir', mode: 0o750 },
      'lines\n end\r in\u2028many\u2029ways\u0085': file(5),
      'empty file': { type: 'file', content: Buffer.alloc(0), mode: 0o600 },
      'set-user-id': { type: 'file', content: Buffer.from('x'), mode: 0o4711 },
      'caf\u00e9/\u732b': file(3000),
      'not utf-8 \udcff\udc80': file(12),
      [`${'long '.repeat(40)}\udcff/${'name '.repeat(40)}`]: file(700),
      [`${'d'.repeat(150)}/${'n'.repeat(100)}`]: file(5),
      link: { type: 'symlink', target, mtime: -1n },
      'absolute link': { type: 'symlink', target: '/etc/passwd' },
      [`long link`]: { type: 'symlink', target: 'x/'.repeat(120) },
      'before 1970': { type: 'file', content: Buffer.from('y'), mtime: -1_500_000_000n },
      'whole second': { type: 'file', content: Buffer.from('z'), mtime: 1_000_000_000_000_000_000n },
      'read only': { type: 'dir', mode: 0o555 },
      'read only/inner': { type: 'file', content: Buffer.from('i'), mode: 0o400 },
      large: file(40_000),
    })
    for (const oversized of ['own-volume', 'split'] as const) {
      const place = join(folder, oversized)
      const written = await TarVolume.create({ folder: place, root, volumeSize: 16 << 10, compression, oversized })
      const { members } = await written.compress()
      const large = members.find(({ path }) => path === 'mydir/large')
      expect(large?.pieces.length).toBe(oversized === 'split' ? 4 : 1)
      for (const index of [undefined, false] as const) {
        const out = join(scratch, `out-${oversized}-${index}`)
        const volume = await TarVolume.open({ folder: place, key: 'mydir', index })
        expect(await buffer(volume.extractFile('mydir/large'))).toEqual(readFileSync(join(root, 'large')))
        await volume.extractAll(out)
        expect(readTree(join(out, 'mydir'))).toEqual(readTree(root))
      }
    }
  })
})

test('random trees in volumes of any size come out as they went in', async () => {
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'c', '\u00e4'),
    fc
      .string({ minLength: 1, maxLength: 120, unit: 'binary-ascii' })
      .map((text) => text.replaceAll(/[/\0]|^\.+$/g, '_')),
  )
  const content = fc.record({
    size: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 40_000 })),
    seed: fc.integer(),
  })
  const entry: fc.Arbitrary<Entry> = fc.oneof(
    content.map(({ size, seed }) => ({ type: 'file', content: noise(size, seed) }) as const),
    fc.record({ type: fc.constant('dir' as const), mode: fc.constantFrom(0o700, 0o755, 0o1777) }),
    fc.record({ type: fc.constant('symlink' as const), target: fc.constantFrom('a', '../b', '/c') }),
  )
  const tree = fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), entry), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.integer({ min: 8 << 10, max: 48 << 10 }),
      fc.constantFrom(...COMPRESSIONS),
      fc.constantFrom('own-volume', 'split'),
      fc.boolean(),
      async (entries, volumeSize, compression, oversized, indexed) => {
        const scratch = scratchFolder()
        const root = join(scratch, 'tree')
        mkdirSync(root)
        for (const [path, made] of entries) {
          // Some would lie below files, or where others are.
          try {
            makeTree(root, { [path.join('/')]: made })
          } catch {
            continue
          }
        }
        const folder = join(scratch, 'volumes')
        const writer = await TarVolume.create({
          folder,
          root,
          key: 'k',
          prefix: '',
          volumeSize,
          compression,
          oversized,
        })
        const { volumes } = await writer.compress()
        const isBounded = oversized === 'split' && compression === 'none'
        const largest = isBounded ? Math.max(...volumes.map((path) => statSync(path).size)) : 0
        expect(largest).toBeLessThanOrEqual(volumeSize)
        const out = join(scratch, 'out')
        const reader = await TarVolume.open({ folder, key: 'k', ...(indexed ? {} : { index: false as const }) })
        await reader.extractAll(out)
        expect(readTree(out)).toEqual(readTree(root))
        expect(lstatSync(out).mtimeMs).toBe(lstatSync(root).mtimeMs)
      },
    ),
    { numRuns: 12 },
  )
})

test('buffers and streams, of known and unknown size', async () => {
  const { folder } = scene({})
  const big = noise(3 << 20)
  async function* pieces() {
    for (let at = 0; at < big.length; at += 70_001) yield big.subarray(at, at + 70_001)
  }
  for (const oversized of ['own-volume', 'split'] as const) {
    const writer = await TarVolume.create({
      folder,
      key: oversized,
      volumeSize: 1 << 20,
      oversized,
      compression: 'none',
    })
    await writer.addBuffer('buffer', Buffer.from('bytes'), { mode: 0o600, mtime: 5n })
    await writer.addStream('known', pieces(), { size: big.length })
    await writer.addStream('unknown', pieces())
    await writer.addStream('small', Readable.from([Buffer.from('sm'), Buffer.from('all')]))
    await writer.addStream('empty', Readable.from([]))
    await writer.close()
    const reader = await TarVolume.open({ folder, key: oversized })
    expect(reader.member('unknown').pieces).toHaveLength(oversized === 'split' ? 4 : 1)
    expect(reader.member('buffer')).toMatchObject({ mode: 0o600, mtime: 5n, size: 5 })
    expect((await buffer(reader.extractFile('known'))).equals(big)).toBe(true)
    expect((await buffer(reader.extractFile('unknown'))).equals(big)).toBe(true)
    expect(String(await buffer(reader.extractFile('small')))).toBe('small')
    expect((await buffer(reader.extractFile('empty'))).length).toBe(0)
  }
  expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([])
})

test('a stream that is not as long as announced leaves nothing behind', async () => {
  const { folder } = scene({})
  for (const size of [2, 4]) {
    const writer = await TarVolume.create({ folder, key: 'k' })
    const stream = Readable.from([Buffer.from('abc')])
    await expect(writer.addStream('x', stream, { size })).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
    await expect(writer.close()).rejects.toThrow('failed already')
    expect(readdirSync(folder)).toEqual([])
  }
})

test('volumes alone are tars like others; parts that cannot be put together are members', async () => {
  const { root, folder, out } = scene({ a: file(100), large: file(40_000), z: file(200) })
  const options = { folder, root, volumeSize: 16 << 10, oversized: 'split' } as const
  const { volumes } = await (await TarVolume.create(options)).compress()
  const [first = '', second = '', third = ''] = volumes
  await expect(TarVolume.open({ volumes: [third] })).rejects.toThrow("a part of 'mydir/large' is missing")
  await expect(TarVolume.open({ volumes: [first, second] })).rejects.toThrow(/is missing/)
  expect(await incompleteNames(second)).toEqual(['mydir/large.varve-part-0001'])
  expect(await incompleteNames(third)).toEqual(['mydir/large.varve-part-0002'])
  expect(await incompleteNames(first, second, third)).toContain('mydir/large.varve-part-0002')
  const alone = await TarVolume.open({ volumes: [third] }, { incomplete: true })
  expect((await alone.extractAll(out)).files).toBe(1)
  const whole = await TarVolume.open({ volumes })
  expect((await buffer(whole.extractFile('mydir/large'))).equals(readFileSync(join(root, 'large')))).toBe(true)
})

test('hard links within a volume stay such, others are written again', async () => {
  const { root, folder, out } = scene({ a: file(9000), z: file(12_000) })
  linkSync(join(root, 'a'), join(root, 'b'))
  linkSync(join(root, 'a'), join(root, 'zz'))
  await (await TarVolume.create({ folder, root, volumeSize: 20 << 10 })).compress()
  const reader = await TarVolume.open({ folder, key: 'mydir' })
  expect(reader.members().map(({ path, type }) => `${path} ${type}`)).toEqual([
    'mydir dir',
    'mydir/a file',
    'mydir/b hardlink',
    'mydir/z file',
    'mydir/zz file',
  ])
  await reader.extractAll(out)
  expect(readTree(join(out, 'mydir'))).toEqual(readTree(root))
  expect(statSync(join(out, 'mydir/b')).ino).toBe(statSync(join(out, 'mydir/a')).ino)
  // Alone, a second name is the file.
  await reader.extract('mydir/b', `${out}2`)
  expect(readFileSync(join(`${out}2`, 'mydir/b'))).toEqual(readFileSync(join(root, 'a')))
  expect(await buffer(reader.extractFile('mydir/b'))).toEqual(readFileSync(join(root, 'a')))
})

test('adding to a set that is closed', async () => {
  const { root, folder, out } = scene({ a: file(100) })
  await (await TarVolume.create({ folder, root })).compress()
  makeTree(root, { b: file(200) })
  const options: TarVolumeOptions & { key: string } = { folder, key: 'mydir', root, compression: 'zstd' }
  const more = await TarVolume.append(options)
  await more.add('b')
  // Until it is closed, the set is what it was.
  expect((await TarVolume.open({ folder, key: 'mydir' })).members()).toHaveLength(2)
  expect((await more.close()).volumes).toEqual([join(folder, 'mydir.vol2.tzst')])
  for (const index of [undefined, false] as const) {
    const reader = await TarVolume.open({ folder, key: 'mydir', index })
    await reader.extractAll(`${out}${index}`)
    expect(Object.keys(readTree(`${out}${index}`))).toEqual(['mydir', 'mydir/a', 'mydir/b'])
  }
  await expect((await TarVolume.append(options)).add('a')).rejects.toMatchObject({ code: 'ERR_VARVE_UNSAFE_PATH' })
})

test('a set is replaced only when that is wanted, and only by a whole one', async () => {
  const { root, folder } = scene({ a: file(30_000), b: file(30_000) })
  await (await TarVolume.create({ folder, root, volumeSize: 16 << 10 })).compress()
  const before = readTree(folder)
  await expect(TarVolume.create({ folder, root })).rejects.toMatchObject({ code: 'ERR_VARVE_EXISTS' })
  const given = await TarVolume.create({ folder, root, replace: true })
  await given.add('a')
  await given.discard()
  expect(readTree(folder)).toEqual(before)
  const other = await TarVolume.create({ folder, root, replace: true, compression: 'zstd' })
  await other.compress()
  expect(readdirSync(folder).toSorted()).toEqual(['mydir.vol1.tzst', 'mydir.volumes.jsonl'])
  expect((await TarVolume.open({ folder, key: 'mydir' })).members()).toHaveLength(3)
})

test('volumes below the folder that goes into them do not go into themselves', async () => {
  const { root } = scene({ a: file(20_000), b: file(20_000) })
  const writer = await TarVolume.create({ folder: root, root, volumeSize: 16 << 10 })
  const { members } = await writer.compress()
  expect(members.map(({ path }) => path)).toEqual(['mydir', 'mydir/a', 'mydir/b'])
})

test('what is excluded is left out; FIFOs are kept, and made again when that is wanted', async () => {
  const { root, folder, out } = scene({ a: file(10), skipped: file(10), 'out/b': file(3) })
  execFileSync('mkfifo', ['-m', '640', join(root, 'pipe')])
  const result = await (await TarVolume.create({ folder, root, exclude: isUnwanted })).compress()
  expect(result.problems).toEqual([])
  expect(result.members.map(({ path, type }) => `${path} ${type}`)).toEqual([
    'mydir dir',
    'mydir/a file',
    'mydir/pipe fifo',
  ])
  for (const index of [undefined, false] as const) {
    const reader = await TarVolume.open({ folder, key: 'mydir', index })
    const target = `${out}${index}`
    expect(await reader.extractAll(target, { specials: true })).toMatchObject({ problems: [] })
    const pipe = lstatSync(join(target, 'mydir/pipe'))
    expect([pipe.isFIFO(), pipe.mode & 0o7777]).toEqual([true, 0o640])
    const onProblem: string[] = []
    await reader.extractAll(`${target}-2`, { onProblem: ({ path }) => onProblem.push(path) })
    expect(onProblem).toEqual(['mydir/pipe'])
  }
})

test('an existing target is merged with; what is there is replaced only when that is wanted', async () => {
  const { root, folder, out } = scene({ 'sub/a': file(10), 'sub/b': file(20) })
  await (await TarVolume.create({ folder, root, prefix: '' })).compress()
  const reader = await TarVolume.open({ folder, key: 'mydir' })
  makeTree(out, { 'sub/b': file(5), 'sub/other': file(6) })
  const before = readTree(out)
  await expect(reader.extractAll(out)).rejects.toMatchObject({ code: 'ERR_VARVE_EXISTS' })
  expect(readTree(out)).toEqual(before)
  await reader.extractAll(out, { overwrite: true })
  expect(readTree(out)).toEqual({ ...readTree(root), 'sub/other': before['sub/other'] })
})

test('a volume size that makes no sense, and a key', async () => {
  const { folder } = scene({})
  for (const options of [{ volumeSize: 100 }, { volumeSize: Number.NaN }, { key: '../k' }, { key: '' }]) {
    await expect(TarVolume.create({ folder, key: 'k', ...options })).rejects.toSatisfy((error) =>
      isVarveError(error, 'ERR_VARVE_BAD_ARGUMENT'),
    )
  }
  await expect(TarVolume.open({ folder: join(folder, 'x'), key: 'k' })).rejects.toMatchObject({
    code: 'ERR_VARVE_STORAGE',
  })
  mkdirSync(folder)
  writeFileSync(join(folder, 'other.vol1.tar'), '')
  await expect(TarVolume.open({ folder, key: 'k' })).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
})

function isUnwanted(path: string, isFolder: boolean): boolean {
  return path === 'skipped' || (path === 'out' && isFolder)
}

async function incompleteNames(...volumes: string[]): Promise<readonly string[]> {
  return (await TarVolume.open({ volumes }, { incomplete: true })).members().map(({ path }) => path)
}
