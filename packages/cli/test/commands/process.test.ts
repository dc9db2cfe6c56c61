import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { jsonLines, makeRepository } from './run-here.ts'
import { ENTRY, startProcess, startVarve } from './run-process.ts'

/** A Node on the PATH that is too old for the engine, with which the entry must still start. */
const OLD_NODE = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((path) => {
    const version =
      statSync(path, { throwIfNoEntry: false })?.isFile() === true
        ? execFileSync(path, ['--version'], { encoding: 'utf8' })
        : ''
    const [, major = '99'] = /^v(\d+)\./.exec(version) ?? []
    return Number(major) >= 18 && Number(major) < 26
  })

test('the first command ever, without any set-up', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'work'))
  await writeFile(join(folder, 'work/file'), 'content')
  const first = await startVarve(['snapshot', 'work'], { cwd: folder }).finished
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toContain('Made a new repository: backups.db in this folder.')
  expect(first.out).toContain('It has no password')
  expect(first.out).toContain('VARVE_PASSWORD')
  expect(first.out).toMatch(/Snapshot 1 created successfully\.\n$/)
  const list = await startVarve(['list'], { cwd: folder }).finished
  expect(list.out).toContain(join(folder, 'work'))
  expect(readdirSync(folder).toSorted()).toEqual(['backups.db', 'work'])
})

test('who reads the output may go away, and a full disk is told', async () => {
  const folder = await temporaryFolder()
  await makeRepository(`sqlite:${join(folder, 'backups.db')}`, '')
  await writeFile(join(folder, 'file'), 'content')
  const varve = `'${process.execPath}' '${ENTRY}'`
  const script = `${varve} help | true; ${varve} snapshot . -v | true; ${varve} list --json --no-lock > /dev/full; echo "code $?"`
  const { out, err } = await startProcess('sh', ['-c', script], { cwd: folder }).finished
  expect(err).toMatch(/^Error: cannot write the output: .*no space/i)
  expect(out).toBe('code 1\n')
  const [snapshots] = jsonLines((await startVarve(['list', '--json'], { cwd: folder }).finished).out)
  expect(snapshots).toHaveLength(1)
})

test('a working folder that is gone, or whose name cannot be told: 1, and nothing is made elsewhere', async () => {
  const folder = await temporaryFolder()
  const varve = `'${process.execPath}' '${ENTRY}'`
  const script = `mkdir gone; cd gone; rmdir ../gone; ${varve} list; cd ..; d=$(printf 'caf\\351'); mkdir "$d"; cd "$d"; ${varve} snapshot . --json; cd ..; ${varve} snapshot "$d"; echo "code $?"`
  const { out, err } = await startProcess('sh', ['-c', script], { cwd: folder }).finished
  const [gone = '', , unnamed = '', missing, hint] = err.split('\n').filter((line) => !line.startsWith('sh:'))
  expect(gone).toBe('Error: the working folder does not exist any more')
  expect(JSON.parse(unnamed)).toMatchObject({ message_type: 'exit_error', code: 1 })
  expect(missing).toMatch(/^Error: 'caf\uFFFD' does not exist$/)
  expect(hint).toContain('--files-from-raw')
  expect(out).toBe('code 1\n')
  expect(readdirSync(folder, { encoding: 'latin1' })).toEqual(['caf\xe9'])
})

test('Ctrl-C stops in an orderly way, removes the lock and exits with 130', async () => {
  const folder = await temporaryFolder()
  const repository = join(folder, 'repository')
  await makeRepository(repository, '')
  const options = { cwd: folder, environment: { VARVE_PROGRESS_FPS: '20', VARVE_REPOSITORY: repository } }
  const running = startVarve(['snapshot', '--stdin', '--insecure-no-password'], options)
  running.child.stdin?.write('something, and then nothing for a long time')
  await running.until(/saving/)
  expect(readdirSync(join(repository, 'locks'))).toHaveLength(1)
  running.child.kill('SIGINT')
  // What a terminal and a launcher both deliver is one press.
  running.child.kill('SIGINT')
  const { code, err } = await running.finished
  expect(err).toMatch(/^Error: stopped on request/)
  expect(code).toBe(130)
  expect(readdirSync(join(repository, 'locks'))).toEqual([])
  const list = await startVarve(['check', '--read-data', '--insecure-no-password'], options).finished
  expect(list).toMatchObject({ code: 0 })
})

test('an unforeseen failure is told with its stack and a plea to report it', async () => {
  const folder = await temporaryFolder()
  const fault = join(folder, 'fault.mjs')
  await writeFile(fault, 'Array.prototype.toSorted = () => { throw new TypeError("made to fail") }\n')
  await makeRepository(`sqlite:${join(folder, 'backups.db')}`, '')
  const { code, err } = await startProcess(process.execPath, ['--import', fault, ENTRY, 'list'], { cwd: folder })
    .finished
  expect(code).toBe(1)
  expect(err).toMatch(/^ +at /m)
  expect(err).toMatch(/^Error: made to fail$/m)
  expect(err).toContain('report it')
})

test.skipIf(OLD_NODE === undefined)('an older Node starts the one that the package brings', async () => {
  const folder = await temporaryFolder()
  const repository = join(folder, 'repository')
  await makeRepository(repository, '')
  const start = (args: readonly string[]) =>
    startProcess(OLD_NODE ?? '', [ENTRY, ...args], {
      cwd: folder,
      environment: { VARVE_PROGRESS_FPS: '20', VARVE_REPOSITORY: repository },
    })
  expect(await start(['--version']).finished).toMatchObject({ code: 0, err: '' })
  const version = JSON.parse((await start(['version', '--json']).finished).out) as { readonly node_version: string }
  expect(Number(version.node_version.split('.')[0])).toBeGreaterThanOrEqual(26)
  expect(await start(['restore']).finished).toMatchObject({ code: 1, out: '' })
  const streamed = start(['snapshot', '--stdin', '--stdin-filename', 'dump', '--insecure-no-password', '--json', '-q'])
  streamed.child.stdin?.end('0123456789')
  const [summary] = jsonLines((await streamed.finished).out)
  expect(summary).toMatchObject({ total_bytes_processed: 10 })
  const interrupted = start(['snapshot', '--stdin', '--insecure-no-password'])
  interrupted.child.stdin?.write('…')
  await interrupted.until(/saving/)
  interrupted.child.kill('SIGTERM')
  expect(await interrupted.finished).toMatchObject({ code: 130, signal: null })
  expect(readdirSync(join(repository, 'locks'))).toEqual([])
})
