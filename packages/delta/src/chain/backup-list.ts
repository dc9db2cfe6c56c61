import type { Problem } from '@varve/platform'
import { describeError, isVarveError, VarveError } from '@varve/platform/errors'
import type { ChainStorage, StoredObject } from './chain-storage.ts'
import { type Backup, collectManifest, decodeManifest } from './manifest.ts'
import { manifestName, parseObjectName } from './object-name.ts'

/** A backup of everything and those that build on it. */
export interface Chain {
  readonly full: Backup
  /** All of it, the full backup first, in the order of their times. */
  readonly backups: readonly Backup[]
}

/** What a storage has of a key. */
export interface BackupList {
  /** Oldest first. Each can be restored, as far as can be told without reading content. */
  readonly backups: readonly Backup[]
  /** Oldest first. */
  readonly chains: readonly Chain[]
  /** Manifests that cannot be read, and backups that something is missing of. */
  readonly problems: readonly Problem[]
  /** Objects of backups that were never finished, or whose removal was not. */
  readonly leftOvers: readonly StoredObject[]
  /** Backups that another takes the place of: increments that were merged into a full one. */
  readonly superseded: readonly Backup[]
}

/**
 * Reads what a storage has of a key.
 * @throws ERR_VARVE_STORAGE
 */
export async function listBackups(storage: ChainStorage, key: string): Promise<BackupList> {
  const objects = (await storage.list()).filter(({ name }) => parseObjectName(name, key) !== undefined)
  const sizes = new Map(objects.map(({ name, size }) => [name, size]))
  const problems: Problem[] = []
  const complete: Backup[] = []
  const used = new Set<string>()
  for (const { name } of objects) {
    const parsed = parseObjectName(name, key)
    if (parsed?.rest !== 'json' || parsed.kind === 'state') continue
    used.add(name)
    try {
      const backup = await readManifest(storage, name, key)
      for (const object of [...backup.content, backup.state]) used.add(object.name)
      const missing = [...backup.content, backup.state].find((object) => sizes.get(object.name) !== object.size)
      if (missing === undefined) complete.push(backup)
      else problems.push({ path: name, message: `'${missing.name}' is missing, or has another size` })
    } catch (error) {
      // A backup that has just been removed is none; a storage that does not answer is another matter.
      if (!isVarveError(error) || error.code === 'ERR_VARVE_STORAGE') throw error
      if (error.code !== 'ERR_VARVE_NOT_FOUND') problems.push({ path: name, message: describeError(error) })
    }
  }
  return { ...arrange(complete, problems), problems, leftOvers: objects.filter(({ name }) => !used.has(name)) }
}

/**
 * The newest backup at a time.
 * @param to - milliseconds since 1970; the newest of all if undefined
 * @throws ERR_VARVE_NOT_FOUND
 */
export function findBackup({ backups, problems }: BackupList, key: string, to: number | undefined): Backup {
  const found = backups.findLast(({ time }) => to === undefined || time <= to)
  if (found !== undefined) return found
  const when = to === undefined ? '' : ` from ${new Date(to).toISOString()} or before`
  const [problem] = problems
  if (problem === undefined) {
    throw new VarveError('ERR_VARVE_NOT_FOUND', `there is no backup of '${key}'${when}`)
  }
  throw new VarveError(
    'ERR_VARVE_NOT_FOUND',
    `there is no backup of '${key}'${when} that can be used; '${problem.path}': ${problem.message}`,
  )
}

/** A backup and those that it builds on, the full one first. */
export function lineageOf({ backups }: Pick<BackupList, 'backups'>, backup: Backup): readonly Backup[] {
  const byTime = new Map(backups.map((other) => [other.time, other]))
  const line: Backup[] = []
  for (
    let at: Backup | undefined = backup;
    at !== undefined;
    at = at.base === undefined ? undefined : byTime.get(at.base)
  ) {
    line.unshift(at)
  }
  return line
}

/** Puts backups into chains; what lacks something that it builds on is a problem. */
function arrange(
  complete: readonly Backup[],
  problems: Problem[],
): Pick<BackupList, 'backups' | 'chains' | 'superseded'> {
  const byTime = new Map<number, Backup>()
  const superseded: Backup[] = []
  // Where increments were merged, both are there until the old one is removed: the full one needs nothing else.
  const ordered = complete.toSorted((a, b) => a.time - b.time || (a.kind === 'full' ? -1 : 1))
  for (const backup of ordered) {
    if (byTime.has(backup.time)) superseded.push(backup)
    else byTime.set(backup.time, backup)
  }
  const chains = new Map<number, Backup[]>()
  const backups: Backup[] = []
  for (const backup of byTime.values()) {
    const first = lineageOf({ backups }, backup)[0]
    const full = backup.kind === 'full' ? backup : first
    if (full?.kind !== 'full') {
      const path = manifestName(backup.key, backup.kind, backup.time)
      problems.push({ path, message: 'the backup that it builds on is missing' })
      continue
    }
    backups.push(backup)
    chains.set(full.time, [...(chains.get(full.time) ?? []), backup])
  }
  const listed = [...chains.values()].map((members) => ({ full: members[0], backups: members }))
  return {
    backups,
    superseded,
    chains: listed.flatMap(({ full, ...rest }) => (full === undefined ? [] : [{ full, ...rest }])),
  }
}

async function readManifest(storage: ChainStorage, name: string, key: string): Promise<Backup> {
  const what = `the manifest '${name}'`
  const backup = decodeManifest(await collectManifest(storage.get(name), what), what)
  if (manifestName(key, backup.kind, backup.time) === name && backup.key === key) return backup
  throw new VarveError('ERR_VARVE_DAMAGED', `${what} is that of another backup`)
}
