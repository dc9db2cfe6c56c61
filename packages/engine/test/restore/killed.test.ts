import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createRepository } from '../../src/repository/create-repository.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { restore } from '../../src/restore/restore.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { CHEAP_KDF } from '../fixtures/repository-fixture.ts'
import { folderDifferences } from '../oracle/folder-differences.ts'

const PROCESS = fileURLToPath(new URL('./restoring-process.ts', import.meta.url))
const PASSWORD = 'killed'
const FOLDERS = 3
const FILES = 2100

/** Starts a restore, and kills it when there is the first file in the first folder. @returns what ended it */
async function killedRestore(location: string, target: string, firstFolder: string): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, ['--conditions=varve-source', PROCESS, location, PASSWORD, target])
  const timer = setInterval(() => {
    if (existsSync(firstFolder) && readdirSync(firstFolder).length > 0) child.kill('SIGKILL')
  }, 2)
  try {
    return await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
  } finally {
    clearInterval(timer)
  }
}

test('a restore that is killed while the rest is still being planned is completed by the next', async () => {
  const root = scratchFolder()
  const source = join(root, 'source')
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(join(source, `folder ${folder}`), { recursive: true })
    for (let file = 0; file < FILES; file++) {
      writeFileSync(join(source, `folder ${folder}`, `file ${file}`), `${folder} ${file}`)
    }
  }
  const location = join(root, 'repository')
  const repository = await createRepository({ storage: location, password: PASSWORD, kdf: CHEAP_KDF })
  const { snapshot: made } = await snapshot(repository, { paths: [source] })
  await repository.close()
  if (made === undefined) throw new Error('there is no snapshot')

  const target = join(root, 'target')
  expect(await killedRestore(location, target, join(target, source, 'folder 0'))).toBe('SIGKILL')
  const again = await openRepository({ storage: location, password: PASSWORD })
  const result = await restore(again, { snapshot: made.id, target, layout: 'full-paths', noLock: true, verify: true })
  await again.close()
  expect(result).toMatchObject({ filesTotal: FOLDERS * FILES, problems: 0 })
  expect(folderDifferences(source, join(target, source))).toEqual([])
})
