import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { nameFromBytes } from './file-name.ts'
import type { Accounts, CurrentUser } from './platform.ts'

/** Where a {@link PosixAccounts} looks; the system's own files by default. */
export interface AccountSources {
  readonly passwd: string
  readonly group: string
  /** Says which other sources of names the system has (nsswitch.conf(5)). */
  readonly nameServiceSwitch: string
  /** The command that asks those other sources: prints a line as in the file. */
  readonly getent: string
}

const SYSTEM: AccountSources = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  nameServiceSwitch: '/etc/nsswitch.conf',
  getent: 'getent',
}

type Database = 'passwd' | 'group'

/** Accounts of a POSIX system: from passwd(5) and group(5), and what those do not name from `getent`, asked once per id. */
export class PosixAccounts implements Accounts {
  readonly #sources: AccountSources
  readonly #names: Record<Database, Map<number, string> | undefined> = { passwd: undefined, group: undefined }
  #directories: ReadonlySet<Database> | undefined

  constructor(sources: AccountSources = SYSTEM) {
    this.#sources = sources
  }

  userName(uid: number): string {
    return this.#name('passwd', uid)
  }

  groupName(gid: number): string {
    return this.#name('group', gid)
  }

  currentUser(): CurrentUser {
    const uid = process.getuid?.() ?? 0
    return { name: this.userName(uid) || ownName(), uid, gid: process.getgid?.() ?? 0 }
  }

  #name(database: Database, id: number): string {
    const names = (this.#names[database] ??= readNames(this.#sources[database]))
    const known = names.get(id)
    if (known !== undefined) return known
    const name = this.#hasDirectory(database) ? this.#ask(database, id) : ''
    names.set(id, name)
    return name
  }

  #ask(database: Database, id: number): string {
    const { stdout } = spawnSync(this.#sources.getent, [database, String(id)], { stdio: ['ignore', 'pipe', 'ignore'] })
    // Undefined where the command does not exist.
    const [name] = stdout?.length > 0 ? parseNames(nameFromBytes(stdout)).values() : []
    return name ?? ''
  }

  /** Whether names can come from elsewhere than the file; a command for each unknown id would otherwise be wasted. */
  #hasDirectory(database: Database): boolean {
    this.#directories ??= readDirectories(this.#sources.nameServiceSwitch)
    return this.#directories.has(database)
  }
}

/** The name that the C library or the environment gives this process's user: where neither file nor `getent` know it, as on macOS. */
function ownName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? ''
  }
}

function readNames(file: string): Map<number, string> {
  return parseNames(readText(file))
}

/** `name:password:id:…` lines, of which the first for an id counts; `#` starts a comment, `+` and `-` refer to NIS. */
function parseNames(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':')
    if (name === '' || /^\s*[#+-]/.test(name) || !/^\d+$/.test(id) || names.has(Number(id))) continue
    names.set(Number(id), name)
  }
  return names
}

function readDirectories(file: string): ReadonlySet<Database> {
  const found = new Set<Database>()
  for (const line of readText(file).split('\n')) {
    const [, database, sources = ''] = /^\s*(passwd|group)\s*:([^#]*)/.exec(line) ?? []
    const beyondFiles = sources
      .replace(/\[[^\]]*\]/g, ' ')
      .split(/\s+/)
      .some((source) => source !== '' && source !== 'files')
    if (beyondFiles && (database === 'passwd' || database === 'group')) found.add(database)
  }
  return found
}

function readText(file: string): string {
  try {
    return nameFromBytes(readFileSync(file))
  } catch {
    return ''
  }
}
