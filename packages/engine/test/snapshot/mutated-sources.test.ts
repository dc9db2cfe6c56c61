import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { check } from '../../src/maintenance/check.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { growingContent, isOneVersion } from './mutated-content.ts'
import { contentOf, type SnapshotContent } from './take-snapshot.ts'

/** What stays as it is beside all that changes. */
const STEADY = 'steady '.repeat(1000)

const LINES = growingContent(0, 60_000)

/** Which files of a snapshot have content that they never had. */
async function impossible(content: SnapshotContent): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const path of content.paths) {
    if (content.node(path).type === 'file' && !isPossible(path, await content.text(path))) wrong.push(path)
  }
  return wrong
}

function isPossible(path: string, text: string): boolean {
  switch (path) {
    case 'replaced':
      return isOneVersion(text)
    case 'growing':
    case 'shrinking':
      return LINES.startsWith(text)
    case 'steady':
      return text === STEADY
    case 'changing':
      return text === 'a file' || text === ''
    case '.new':
      // It is being written, and has no name of its own yet.
      return true
    default:
      return path.startsWith('comes and goes/') && (text === path.slice(-1) || text === '')
  }
}

test('files that another process keeps changing are saved in some state that they had', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'steady'), STEADY)
  const mutator = spawn(process.execPath, [join(import.meta.dirname, 'mutator-process.ts'), folder], { stdio: 'pipe' })
  onTestFinished(() => void mutator.kill('SIGKILL'))
  await once(mutator.stdout, 'data')
  const repository = await cheapRepository()
  for (let round = 0; round < 12; round++) {
    const content = await contentOf(repository, folder, { force: round % 2 === 0 })
    expect(await impossible(content)).toEqual([])
    expect(content.result.problems).toBe(content.problems.length)
    expect(content.problems.filter(({ path }) => path.endsWith('steady'))).toEqual([])
    expect(content.paths).toContain('steady')
  }
  mutator.kill('SIGKILL')
  await once(mutator, 'close')

  const last = await contentOf(repository, folder)
  expect(last.problems).toEqual([])
  const files = last.paths.filter((path) => last.node(path).type === 'file')
  for (const path of files) expect(await last.text(path)).toBe(readFileSync(join(folder, path), 'latin1'))
  expect((await check(repository, { readData: true, noLock: true })).problems).toEqual([])
})
