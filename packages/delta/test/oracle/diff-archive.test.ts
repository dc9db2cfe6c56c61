import { execFileSync, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { accessTo, applyDelta, DiffData, DiffIndex, DirIndex } from '@varve/delta'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { file, folder, noise, plant } from '../directory-index/trees.ts'

const REQUIRED = process.env['VARVE_REQUIRE_RESTIC'] === '1'

/** Whether tests that need a program are passed over. */
function isMissing(program: string): boolean {
  return !REQUIRED && spawnSync(program, ['--version']).status !== 0
}

const name = (kind: string, path: string | Buffer): string => `${kind}/${hash('sha256', path, 'hex')}`

describe.each([
  ['gzip', 'd.tgz'],
  ['zstd', 'd.tar.zst'],
])('an archive of changes, by %s', (program, archiveName) => {
  it.skipIf(isMissing('tar') || isMissing(program))(
    'is listed and extracted by GNU tar, and sound for the compressor',
    async () => {
      const scratch = scratchFolder()
      const [base, target, archive, extracted] = ['base', 'target', archiveName, 'extracted'].map((each) =>
        join(scratch, each),
      )
      if (base === undefined || target === undefined || archive === undefined || extracted === undefined)
        throw new Error()
      const [old, edited] = [noise(50_000, 1), Buffer.concat([noise(50_000, 1), Buffer.from('more')])]
      plant(base, { edited: file(old), gone: file('gone') })
      plant(target, {
        edited: file(edited),
        'z\udcff': file('not UTF-8'),
        sub: folder({ file: file('new') }),
        empty: file(''),
      })
      await using older = await DirIndex.fromFolder(base)
      await using newer = await DirIndex.fromFolder(target)
      await using diff = await DiffIndex.between(older, newer)
      await new DiffData(diff, older, target).createArchive(archive)

      execFileSync(program, ['-t', archive])
      const members = [
        'manifest',
        name('updated', 'edited'),
        name('created', 'empty'),
        name('created', 'sub/file'),
        name('created', Buffer.from('z\xff', 'latin1')),
      ]
      // tar says so where something comes after the end of the archive.
      const listed = spawnSync('tar', ['-tf', archive], { encoding: 'utf8' })
      expect(listed).toMatchObject({ status: 0, stderr: '', stdout: `${members.join('\n')}\n` })
      mkdirSync(extracted)
      execFileSync('tar', ['-xf', archive, '-C', extracted])
      expect(readdirSync(extracted).toSorted()).toEqual(['created', 'manifest', 'updated'])
      const content = members.map((member) => readFileSync(join(extracted, member)))
      expect(content.slice(2).map(String)).toEqual(['', 'new', 'not UTF-8'])
      const made: Uint8Array[] = []
      for await (const piece of applyDelta(accessTo(old), [content[1] ?? Buffer.alloc(0)])) made.push(piece)
      expect(Buffer.concat(made).equals(edited)).toBe(true)
      await diff.toFile(join(scratch, 'diff'))
      expect(content[0]?.equals(readFileSync(join(scratch, 'diff')))).toBe(true)
    },
  )
})
