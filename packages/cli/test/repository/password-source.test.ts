import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { givenPassword, type PasswordOptions } from '../../src/repository/password-source.ts'

let folder = ''
const file = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'varve-password-'))
  await writeFile(file('plain'), '  secret \r\n')
  await writeFile(file('bom'), '\uFEFFsecret\n')
  await writeFile(file('utf16le'), Buffer.from('\uFEFFsécret\n', 'utf16le'))
  await writeFile(file('utf16be'), Buffer.from('\uFEFFsécret\n', 'utf16le').swap16())
  await writeFile(file('empty'), ' \n')
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

const given = (options: PasswordOptions, environment: Record<string, string> = {}, infix: '' | 'FROM_' = '') =>
  givenPassword(options, { PATH: process.env['PATH'], ...environment }, infix, new AbortController().signal)

const BAD = expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }) as unknown

test('nothing given is nothing', async () => {
  expect(await given({})).toBeUndefined()
  expect(await given({}, { VARVE_PASSWORD: '', RESTIC_PASSWORD_FILE: '' })).toBeUndefined()
  expect(await given({ insecureNoPassword: true })).toBe('')
})

test('files are decoded and trimmed as restic does', async () => {
  expect(await given({ passwordFile: file('plain') })).toBe('secret')
  expect(await given({ passwordFile: file('bom') })).toBe('secret')
  expect(await given({ passwordFile: file('utf16le') })).toBe('sécret')
  expect(await given({ passwordFile: file('utf16be') })).toBe('sécret')
})

test('commands are run without a shell, and their output is trimmed', async () => {
  expect(await given({ passwordCommand: `printf '%s\n' "it's  $HOME"` })).toBe("it's  $HOME")
  expect(await given({}, { RESTIC_PASSWORD_COMMAND: 'echo from-restic' })).toBe('from-restic')
  // It must not wait for input that nobody gives.
  await expect(given({ passwordCommand: 'cat' })).rejects.toEqual(BAD)
})

test('options win over VARVE_, and that over RESTIC_, whatever the kind of source', async () => {
  const environment = { VARVE_PASSWORD: 'varve', RESTIC_PASSWORD_FILE: file('plain') }
  expect(await given({}, environment)).toBe('varve')
  expect(await given({ passwordFile: file('plain') }, environment)).toBe('secret')
  expect(await given({}, { RESTIC_PASSWORD_FILE: file('plain'), RESTIC_PASSWORD: 'other' })).toBe('secret')
  expect(await given({}, { ...environment, VARVE_FROM_PASSWORD: 'source' }, 'FROM_')).toBe('source')
})

test.each([
  ['a file that is not there', { passwordFile: '/nonexistent/password' }, {}],
  ['two sources', { passwordFile: 'a', passwordCommand: 'b' }, {}],
  ['a password and none', { insecureNoPassword: true }, { VARVE_PASSWORD: 'x' }],
  ['a program that is not there', { passwordCommand: 'no-such-program-varve' }, {}],
  ['a program that fails', { passwordCommand: 'false' }, {}],
  ['an open quote', { passwordCommand: 'echo "' }, {}],
])('%s is refused', async (_, options, environment) => {
  await expect(given(options, environment)).rejects.toEqual(BAD)
})

test('an empty password must be asked for by name', async () => {
  await expect(given({ passwordFile: file('empty') })).rejects.toEqual(BAD)
  await expect(given({ passwordCommand: 'true' })).rejects.toEqual(BAD)
})

test('words of a password command are not told to anybody', async () => {
  const refused = await given({ passwordCommand: 'false --token hunter2' }).catch((error: unknown) => error)
  expect(String(refused)).not.toContain('hunter2')
  expect(String(refused)).toContain('false')
})
