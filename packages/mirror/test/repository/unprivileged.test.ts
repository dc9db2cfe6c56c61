import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { survey } from '../../../delta/test/directory-index/trees.ts'
import { memoryFolder } from '../run/scene.ts'

/** Any account but root's. */
const NOBODY = 65534
const SCRIPT = fileURLToPath(new URL('unprivileged-process.ts', import.meta.url))
const COMMAND = ['--conditions=varve-source', SCRIPT]

/** Whether nobody can read the checkout, and this process can start others for nobody. */
function canBeNobody(): boolean {
  if (process.getuid?.() !== 0) return false
  const { status } = spawnSync(process.execPath, ['--check', SCRIPT], { uid: NOBODY, gid: NOBODY })
  if (status !== 0) process.stderr.write('skipped: what needs an account without rights: it cannot read the checkout\n')
  return status === 0
}

test.skipIf(!canBeNobody())('without the rights of root, and with permissions that bind the owner, too', () => {
  const around = memoryFolder()
  chmodSync(around, 0o755)
  const folder = join(around, 'own')
  mkdirSync(folder)
  chownSync(folder, NOBODY, NOBODY)
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, folder], {
    uid: NOBODY,
    gid: NOBODY,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const outcome = JSON.parse(stdout) as { readonly imported: readonly unknown[] }
  const increment = outcome.imported[2]
  expect(outcome).toEqual({
    exported: [3, []],
    left: ['lock', 'state'],
    run: [0, []],
    imported: [[increment], [], increment],
  })
  expect(survey(join(folder, 'destination/mirror'))).toEqual(survey(join(folder, 'source')))
})
