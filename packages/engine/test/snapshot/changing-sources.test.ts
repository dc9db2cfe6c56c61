import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../platform/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf } from './take-snapshot.ts'

/** Writes a file whose time of modification differs from any other that a test gives it. */
function writeAt(path: string, content: string, seconds: number): void {
  writeFileSync(path, content)
  utimesSync(path, seconds, seconds)
}

test('a file that changes between scan and reading, and again after it, is not taken for saved', async () => {
  const folder = scratchFolder()
  const repository = await cheapRepository()
  const [first, file, unchanged] = ['1 first', '2 file', '3 unchanged'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeAt(unchanged, '', 1)
  await contentOf(repository, folder)
  writeAt(first, 'first', 1)
  writeAt(file, 'one', 1)
  const before = await contentOf(repository, folder, {
    onItem: ({ path }) => {
      // The last entry is met when the file has been scanned and waits to be read; the first is answered just before it.
      if (path === unchanged) writeAt(file, 'two', 2)
      if (path === first) writeAt(file, 'six', 6)
    },
  })
  expect(await before.text('2 file')).toBe('two')
  expect(before.node('2 file').mtime).toBe(before.node('2 file').atime)
  const after = await contentOf(repository, folder)
  expect(await after.text('2 file')).toBe('six')
})
