import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chooseRepository } from '../../src/repository/repository-choice.ts'

const BAD = expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }) as unknown

test('without a name it is backups.db in the working folder', async () => {
  const choice = await chooseRepository({}, {}, '/work')
  expect(choice).toMatchObject({ location: 'sqlite:/work/backups.db', kind: 'embedded' })
})

test('--db-path is the same elsewhere, whatever the environment names', async () => {
  const choice = await chooseRepository({ dbPath: 'sub/my.db' }, { VARVE_REPOSITORY: '/other' }, '/work')
  expect(choice).toMatchObject({ location: 'sqlite:/work/sub/my.db', kind: 'embedded', title: 'sub/my.db' })
})

test('options win over VARVE_, and that over RESTIC_', async () => {
  const environment = {
    VARVE_REPOSITORY: '/varve',
    RESTIC_REPOSITORY: '/restic',
    RESTIC_REPOSITORY_FILE: '/nonexistent',
  }
  expect(await chooseRepository({ repo: '/option' }, environment, '/work')).toMatchObject({
    location: '/option',
    kind: 'named',
  })
  expect(await chooseRepository({}, environment, '/work')).toMatchObject({ location: '/varve', kind: 'named' })
  expect(await chooseRepository({}, { RESTIC_REPOSITORY: '/restic' }, '/work')).toMatchObject({ location: '/restic' })
  expect(await chooseRepository({}, { VARVE_REPOSITORY: '' }, '/work')).toMatchObject({ kind: 'embedded' })
})

test('the location may be in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'varve-choice-'))
  try {
    await writeFile(join(folder, 'location'), '\uFEFF /srv/backups \n')
    await writeFile(join(folder, 'empty'), '\n')
    const choose = (name: string) => chooseRepository({ repositoryFile: join(folder, name) }, {}, '/work')
    expect(await choose('location')).toMatchObject({ location: '/srv/backups', kind: 'named' })
    await expect(choose('empty')).rejects.toEqual(BAD)
    await expect(choose('missing')).rejects.toEqual(BAD)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('two names are one too many', async () => {
  await expect(chooseRepository({ repo: 'a', dbPath: 'b' }, {}, '/work')).rejects.toEqual(BAD)
  await expect(chooseRepository({ repo: 'a', repositoryFile: 'b' }, {}, '/work')).rejects.toEqual(BAD)
  await expect(chooseRepository({}, { VARVE_REPOSITORY: 'a', VARVE_REPOSITORY_FILE: 'b' }, '/work')).rejects.toEqual(
    BAD,
  )
})
