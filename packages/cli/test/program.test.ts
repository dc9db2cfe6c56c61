import { expect, test } from 'vitest'
import { COMMANDS, isGroup } from '../src/command-table.ts'
import { runHere } from './commands/run-here.ts'

test('without a command it prints help and fails', async () => {
  const { code, out, err } = await runHere([])
  expect(code).toBe(1)
  expect(err).toBe('')
  for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`${name}.*${summary}`))
})

test('help is a command and an option', async () => {
  const { code, out } = await runHere(['--help'])
  expect(code).toBe(0)
  expect(out).toContain('Examples:')
  expect((await runHere(['help'])).out).toBe(out)
  const restore = await runHere(['help', 'restore'])
  expect(restore.code).toBe(0)
  expect(restore.out).toContain('--snapshot-number')
  expect((await runHere(['restore', '--help'])).out).toBe(restore.out)
})

test.each(COMMANDS.map(({ name }) => name))('%s --help says what it is for, and fits the terminal', async (name) => {
  const { code, out } = await runHere([name, '--help'])
  expect(code).toBe(0)
  expect(out).toMatch(new RegExp(`^Usage: varve ${name} `))
  expect(out).toContain('--password-file')
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
})

test.each(COMMANDS.map(({ name }) => name).filter((name) => name !== 'version'))(
  '%s --help has examples',
  async (name) => {
    expect((await runHere([name, '--help'])).out).toContain(`Examples:\n  varve `)
  },
)

const GROUPED = COMMANDS.flatMap((entry) =>
  isGroup(entry) ? entry.commands.map(({ name }) => [entry.name, name]) : [],
)

test.each(GROUPED)('%s %s --help says what it is for, with examples, and fits the terminal', async (group, name) => {
  const { code, out } = await runHere([group ?? '', name ?? '', '--help'])
  expect(code).toBe(0)
  expect(out).toMatch(new RegExp(`^Usage: varve ${group} ${name} `))
  expect(out).toContain(`Examples:\n  varve ${group} ${name}`)
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect((await runHere(['help', group ?? '', name ?? ''])).out).toBe(out)
})

test('a group alone prints its commands and fails', async () => {
  const { code, out, err } = await runHere(['tar'])
  expect(code).toBe(1)
  expect(err).toBe('')
  for (const name of ['create', 'add', 'list', 'extract']) expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  expect((await runHere(['tar', '--help'])).out).toBe(out)
})

test('the version is told as restic tells it', async () => {
  expect(await runHere(['--version'])).toEqual({ code: 0, out: 'varve 1.2.3\n', err: '' })
  const { out } = await runHere(['version', '--json'])
  expect(JSON.parse(out)).toMatchObject({ message_type: 'version', version: '1.2.3' })
})

test.each([
  [['snpashot'], "unknown command 'snpashot'", 'did you mean snapshot?'],
  [['forget'], "unknown command 'forget'", 'did you mean prune?'],
  [['verify'], "unknown command 'verify'", 'did you mean check?'],
  [['xyzzy'], "unknown command 'xyzzy'", 'varve --help tells what there is'],
  [['snapshot', '--exlude', 'x'], "unknown option '--exlude'", 'did you mean --exclude?'],
  [['list', '--jsno'], "unknown option '--jsno'", 'did you mean --json?'],
  [['list', 'extra'], "too many arguments for 'list'", 'varve list --help tells what there is'],
  [['list', '--repo'], 'argument missing', 'varve list --help tells what there is'],
  [['restore', '1', '--overwrite', 'maybe'], 'Allowed choices are always, if-changed', 'varve restore --help'],
  [['tar', 'extarct'], "unknown command 'extarct'", 'did you mean extract?'],
  [['tar', 'unpack'], "unknown command 'unpack'", 'did you mean extract?'],
  [['rdiff'], "unknown command 'rdiff'", 'did you mean delta?'],
  [['tar', 'list', 'a', '--nope'], "unknown option '--nope'", 'varve tar list --help tells what there is'],
  [['delta', 'diff', 'a'], "missing required argument 'file'", 'varve delta diff --help tells what there is'],
  [['list', '-q', '-v'], '--quiet and --verbose exclude each other', ''],
])('%j is explained in one line and a hint', async (args, message, hint) => {
  const { code, out, err } = await runHere(args)
  expect(code).toBe(1)
  expect(out).toBe('')
  const [first = '', second = '', ...rest] = err.split('\n')
  expect(first).toMatch(/^Error: /)
  expect(first).toContain(message)
  expect(second).toContain(hint)
  expect(rest.join('')).toBe('')
})

test('with --json, a mistake in the command line is JSON too', async () => {
  const { code, out, err } = await runHere(['list', '--nope', '--json'])
  expect(code).toBe(1)
  expect(out).toBe('')
  expect(JSON.parse(err)).toMatchObject({ message_type: 'exit_error', code: 1, message: "unknown option '--nope'" })
})
