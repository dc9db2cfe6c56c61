import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nameToBytes, toFsPath } from '../../src/platform/file-name.ts'

// prettier-ignore
const NAMES = [
  'plain', 'UPPER', '.hidden', ' space ', '-dash', '...', 'a', 'a.b', 'a b', 'a-b', "it's", 'q"uote', 'back\\slash', '\\x41', '\\',
  'new\nline', 'tab\t', 'cr\r', '\x01\x02\x1f', 'bell\x07\b\f\v', '\x7f', '<tag>&amp;', '%s', '\u00fc', 'e\u0301', '\u65e5\u672c',
  '\u00a0', '\u00ad', '\u0378', '\u200b', '\u2028\u2029', '\u3000', '\ue000', '\ufeff', '\ufffd', '\uff5e', '\u{1f600}', '\u{e0001}',
  '\u{1fae9}', '\u{10ffff}', '\udcff', 'a\udc80b', 'caf\udce9', '\udced\udca0\udc80', '\udcf0\udc9f\udc98', '\u{1f600}\udcc3',
]

/**
 * Whole minutes from UTC in the zones that tests use: with seconds in an offset, restic writes another moment, and
 * Varve deliberately does not.
 */
const TIMES = [
  '1969-12-31 23:59:58.123456789 UTC',
  '1970-01-01 00:00:00 UTC',
  '1950-06-01 12:00:00.5 UTC',
  '1936-01-01 00:00:00.000000001 UTC',
  '2024-02-29 23:59:59.999999999 UTC',
  '2024-07-01 12:00:00.100 UTC',
  '2037-12-31 00:00:00 UTC',
  '2250-03-01 01:02:03.04 UTC',
]

const MODES = [0o4755, 0o2755, 0o1777, 0o7777, 0o000, 0o644]

/**
 * Makes a folder with all that is hard for a tree: names, kinds of entries, modes, owners, extended attributes and
 * times. What the machine refuses (devices and owners without root, attributes without file system) is left out and
 * said on standard error.
 * @param targets - of symbolic links: `links/0`, `links/1`, …
 */
export function makeHardFolder(folder: string, targets: readonly string[]): void {
  for (const inner of ['', 'names', 'links', 'kinds', 'kinds/empty folder', 'kinds/sticky', 'times'])
    mkdirSync(join(folder, inner))
  for (const name of NAMES) writeFileSync(toFsPath(`${folder}/names/${name}`), name)
  for (const [i, target] of targets.entries()) symlinkSync(nameToBytes(target), join(folder, 'links', String(i)))
  makeKinds(join(folder, 'kinds'))
  for (const [i, time] of TIMES.entries()) {
    writeFileSync(join(folder, 'times', String(i)), '')
    attempt('touch', '-d', time, join(folder, 'times', String(i)))
  }
}

function makeKinds(folder: string): void {
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'one'), 'linked')
  linkSync(join(folder, 'one'), join(folder, 'other'))
  for (const mode of MODES) {
    const path = join(folder, `mode ${mode.toString(8)}`)
    writeFileSync(path, '')
    chmodSync(path, mode)
  }
  chmodSync(join(folder, 'sticky'), 0o3777)
  attempt('mkfifo', join(folder, 'pipe'))
  attempt('mknod', join(folder, 'block'), 'b', '259', '65537')
  attempt('mknod', join(folder, 'character'), 'c', '1', '3')
  attempt('setfattr', '-n', 'user.binary', '-v', '0x00ff80', join(folder, 'one'))
  attempt('setfattr', '-n', 'user.empty', join(folder, 'one'))
  attempt('setfattr', '-n', 'user.<name>', '-v', 'value', join(folder, 'sticky'))
  attempt('chown', '54321:65432', join(folder, 'empty'))
}

function attempt(command: string, ...parameters: readonly string[]): void {
  try {
    execFileSync(command, parameters, { stdio: 'ignore' })
  } catch {
    process.stderr.write(`left out: ${command} ${parameters.join(' ')}\n`)
  }
}
