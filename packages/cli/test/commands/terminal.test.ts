import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { makeRepository } from './run-here.ts'
import { ENTRY, type RunningProcess, startProcess } from './run-process.ts'

/** `script` of util-linux runs a program on a terminal of its own. */
const HAS_SCRIPT = hasScript()

function hasScript(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
}

/** What is written to draw the status line anew. */
const CLEAR_LINE = '\r\u001B[K'

describe.skipIf(!HAS_SCRIPT)('on a terminal', () => {
  test('a password is asked for without showing it, and may be tried again', async () => {
    const folder = await temporaryFolder()
    await makeRepository(join(folder, 'repository'), 'pässword')
    const running = startOnTerminal(['list', '--repo', 'repository'], folder)
    await running.until(/Password for repository: $/)
    running.child.stdin?.write('wrong\r')
    await running.until(/That is not the password\.\s+Password for repository: $/)
    // Left over from a slip, an arrow key, and a letter too many.
    running.child.stdin?.write('oops\u0015pä\u001B[Dsswordx\u007F\r')
    const { code } = await running.finished
    expect(running.output()).toContain('No snapshots found.')
    expect(running.output()).not.toContain('ssword\r')
    expect(running.output()).not.toContain('wrong')
    expect(code).toBe(0)
  })

  test('Ctrl-C at the password prompt ends the command with 130', async () => {
    const folder = await temporaryFolder()
    await makeRepository(join(folder, 'repository'), 'secret')
    const running = startOnTerminal(['list', '--repo', 'repository'], folder)
    await running.until(/Password for repository: $/)
    running.child.stdin?.write('sec\u0003')
    expect(await running.finished).toMatchObject({ code: 130 })
    expect(running.output()).toContain('no password was entered')
  })

  test('a new password is asked for twice', async () => {
    const folder = await temporaryFolder()
    const running = startOnTerminal(['init', '--repo', 'new'], folder)
    await running.until(/Password for the new repository new: $/)
    running.child.stdin?.write('one\r')
    await running.until(/The same password again: $/)
    running.child.stdin?.write('two\r')
    expect(await running.finished).toMatchObject({ code: 1 })
    expect(running.output()).toContain('the two passwords are not the same')
  })

  test('an embedded repository with a password asks for it, one without does not', async () => {
    const folder = await temporaryFolder()
    await makeRepository(`sqlite:${join(folder, 'backups.db')}`, 'secret')
    const running = startOnTerminal(['list'], folder)
    await running.until(/Password for backups\.db in this folder: $/)
    running.child.stdin?.write('secret\r')
    expect(await running.finished).toMatchObject({ code: 0 })
    await makeRepository(`sqlite:${join(folder, 'open.db')}`, '')
    expect(await startOnTerminal(['list', '--db-path', 'open.db'], folder).finished).toMatchObject({ code: 0 })
  })

  test('progress is one line that is drawn again and goes away; Ctrl-C reaches the whole group and counts once', async () => {
    const folder = await temporaryFolder()
    await makeRepository(`sqlite:${join(folder, 'backups.db')}`, '')
    await mkdir(join(folder, 'work'))
    await writeFile(join(folder, 'work/file'), Buffer.alloc(4096))
    // A source that never ends, so that there is something to watch and to stop.
    const running = startOnTerminal(['snapshot', '--stdin'], folder, 'sleep 1000 |')
    await running.until(/\[(\d:\d\d)\] saving[^]*\[(?!\1)\d:\d\d\] saving/)
    running.child.stdin?.write('\u0003')
    expect(await running.finished).toMatchObject({ code: 130 })
    const text = running.output()
    expect(text).toContain('Stopping; press Ctrl-C again to end at once.')
    expect(text).toContain('Error: stopped on request')
    const drawn = text.split(CLEAR_LINE).filter((line) => line.startsWith('['))
    expect(drawn.length).toBeGreaterThan(1)
    // Each was cleared before anything else was written: only Ctrl-C's own echo may follow it.
    expect(drawn.filter((line) => !/^\[\d:\d\d\] saving[^\n]*$/.test(line))).toEqual([])
    const done = await startOnTerminal(['snapshot', 'work'], folder).finished
    expect(done.out).toMatch(/Snapshot 1 created successfully\.\r\n$/)
  })
})

/** Runs the command on a terminal of its own; what is written to `stdin` is typed there. */
function startOnTerminal(args: readonly string[], cwd: string, before = ''): RunningProcess {
  const command = [process.execPath, ENTRY, ...args].map((word) => `'${word}'`).join(' ')
  return startProcess('script', ['--quiet', '--return', '--command', `${before} ${command}`, '/dev/null'], { cwd })
}
