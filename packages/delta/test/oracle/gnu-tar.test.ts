import { execFileSync, spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { COMPRESSIONS } from '../../src/tar-volume/compression.ts'
import { TarVolume } from '../../src/tar-volume/tar-volume.ts'
import { type Entry, file, makeTree, readTree } from '../tar-volume/tree.ts'

const REQUIRED = process.env['VARVE_REQUIRE_RESTIC'] === '1'

/** Whether tests that need a program are passed over. */
function isMissing(program: string): boolean {
  return !REQUIRED && spawnSync(program, ['--version']).status !== 0
}

const TREE: Readonly<Record<string, Entry>> = {
  'empty folder': { type: 'dir', mode: 0o750 },
  'empty file': { type: 'file', content: Buffer.alloc(0), mode: 0o600 },
  'caf\u00e9/\u732b': file(3000),
  'not utf-8 \udcff\udc80': file(12),
  [`${'long '.repeat(40)}\udcff/${'name '.repeat(40)}`]: file(700),
  [`${'d'.repeat(150)}/${'n'.repeat(100)}`]: file(5),
  link: { type: 'symlink', target: 'elsewhere\udcff', mtime: -1n },
  'long link': { type: 'symlink', target: 'x/'.repeat(120) },
  'before 1970': { type: 'file', content: Buffer.from('y'), mtime: -1_500_000_000n },
  'sub/a': file(9000),
  'sub/b': file(9000),
  'sub/c': file(9000),
}

test.skipIf(isMissing('tar')).each(COMPRESSIONS)(
  'GNU tar lists and extracts every volume alone (%s)',
  async (compression) => {
    const scratch = scratchFolder()
    const root = join(scratch, 'root')
    makeTree(root, TREE)
    linkSync(join(root, 'empty file'), join(root, 'empty too'))
    const writer = await TarVolume.create({ folder: join(scratch, 'volumes'), root, volumeSize: 16 << 10, compression })
    const { volumes, members } = await writer.compress()
    expect(volumes.length).toBeGreaterThan(3)
    const out = join(scratch, 'out')
    mkdirSync(out)
    const listed: string[] = []
    for (const [i, path] of volumes.entries()) {
      const alone = join(scratch, `alone-${i}`)
      mkdirSync(alone)
      // Also one at a time, into an empty folder: no volume needs another.
      execFileSync('tar', ['-xpf', path, '-C', alone], { stdio: 'pipe' })
      execFileSync('tar', ['-xpf', path, '-C', out], { stdio: 'pipe' })
      const text = execFileSync('tar', ['-tf', path, '--quoting-style=literal', '--null'], {
        encoding: 'latin1',
        stdio: 'pipe',
      })
      listed.push(...text.split('\n').filter((line) => line !== ''))
    }
    expect(listed).toHaveLength(members.length)
    // GNU tar sets folders' times when it is done with a volume; what later volumes put into them changes them.
    expect(withoutFolderTimes(readTree(join(out, 'root')))).toEqual(withoutFolderTimes(readTree(root)))
  },
)

test.skipIf(isMissing('tar'))(
  'GNU tar extracts the parts of a file that was split, and cat puts them together',
  async () => {
    const scratch = scratchFolder()
    const root = join(scratch, 'root')
    makeTree(root, { small: file(100), large: file(50_000), last: file(100) })
    const options = { folder: scratch, root, volumeSize: 16 << 10, oversized: 'split' } as const
    const { volumes } = await (await TarVolume.create(options)).compress()
    for (const path of volumes) {
      const { status, stderr } = spawnSync('tar', ['-xf', path, '-C', scratch, '--one-top-level=out'], {
        encoding: 'utf8',
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    }
    const names = readdirSync(join(scratch, 'out/root')).filter((name) => name.startsWith('large'))
    expect(names.length).toBe(5)
    expect(names[0]).toBe('large.varve-part-0001')
    const joined = Buffer.concat(names.toSorted().map((name) => readFileSync(join(scratch, 'out/root', name))))
    expect(joined.equals(readFileSync(join(root, 'large')))).toBe(true)
  },
)

function withoutFolderTimes(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, text.replace(/ \d+ dir$/, ' dir')]))
}

const WRITERS = [
  ['tar', ['--format=pax']],
  ['tar', ['--format=gnu']],
  ['tar', ['--format=ustar']],
  ['tar', ['--format=pax', '--gzip']],
  ['tar', ['--format=gnu', '--zstd', '-b', '64']],
  ['bsdtar', ['--format=pax']],
  ['bsdtar', ['--format=gnutar', '--gzip']],
  ['bsdtar', ['--format=ustar', '--zstd']],
] as const

describe.each(WRITERS)('%s %j', (program, args) => {
  test.skipIf(isMissing(program))('what it wrote is read', async () => {
    const scratch = scratchFolder()
    const root = join(scratch, 'root')
    const isOld = args[0] === '--format=ustar'
    makeTree(root, isOld ? { 'sub/a': file(9000), e: { type: 'dir' }, l: { type: 'symlink', target: '/x' } } : TREE)
    linkSync(join(root, 'sub/a'), join(root, 'sub/zz'))
    const path = join(scratch, 'archive.tar')
    const env = { ...process.env, LC_ALL: 'C.UTF-8' }
    execFileSync(program, ['-cf', path, ...args, '-C', root, '.'], { stdio: 'pipe', env })
    const reader = await TarVolume.open({ volumes: [path] })
    const out = join(scratch, 'out')
    await reader.extractAll(out)
    // Without pax, times are whole seconds.
    const times = (tree: Record<string, string>): Record<string, string> => {
      if (args[0] === '--format=pax') return tree
      return Object.fromEntries(
        Object.entries(tree).map(([name, text]) => [name, text.replace(/ (-?\d*?)\d{1,9} /, ' $1 ')]),
      )
    }
    const [found, expected] = [times(readTree(out)), times(readTree(root))]
    // Only GNU tar writes fractions before 1970 so that they mean what they say.
    if (program === 'bsdtar' || args[0] !== '--format=pax')
      for (const tree of [found, expected]) for (const name of ['link', 'before 1970']) delete tree[name]
    expect(found).toEqual(expected)
  })
})

test.skipIf(isMissing('tar'))('a sparse file of GNU tar is listed, and refused', async () => {
  const scratch = scratchFolder()
  for (const format of ['pax', 'gnu'] as const) {
    const path = join(scratch, `${format}.tar`)
    writeFileSync(join(scratch, 'after'), 'x')
    execFileSync('truncate', ['-s', '100M', join(scratch, 'holes')])
    for (let i = 0; i < 30; i++) {
      execFileSync(
        'dd',
        ['if=/dev/urandom', `of=${join(scratch, 'holes')}`, 'bs=4096', 'count=1', 'conv=notrunc', `seek=${i * 500}`],
        { stdio: 'pipe' },
      )
    }
    execFileSync('tar', ['-cSf', path, `--format=${format}`, '-C', scratch, 'holes', 'after'])
    const reader = await TarVolume.open({ volumes: [path] })
    expect(reader.members().map(({ path: name, type }) => `${name} ${type}`)).toEqual(['holes sparse', 'after file'])
    await expect(reader.extractAll(join(scratch, 'out'))).rejects.toMatchObject({ code: 'ERR_VARVE_UNSUPPORTED' })
    expect((await reader.extract('after', join(scratch, format))).files).toBe(1)
  }
})
