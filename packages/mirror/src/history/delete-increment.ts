import { randomBytes } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { describeError, systemErrorCode, VarveError, type LongCall } from '@varve/platform'
import { FileSteps } from '../disk/file-steps.ts'
import type { CatalogueEntry } from '../increment/increment.ts'
import { isIncrementName } from '../increment/increment-name.ts'
import { loadIncrement, metadataPath } from '../increment/load-increment.ts'
import { keptStates, type Category } from '../increment/metadata-format.ts'
import { compileMasks } from '../search/name-masks.ts'
import { filesOf } from './increment-files.ts'
import { withLockedMirror } from './locked-mirror.ts'
import { lookAt } from '../increment/look-at.ts'
import { PlainFolders } from './plain-folders.ts'
import { writeMetadata } from './write-metadata.ts'

/** How something is deleted. */
export interface DeleteOptions extends LongCall {
  /** Finds out what would be deleted, and deletes nothing. */
  readonly dryRun?: boolean | undefined
}

/** A file that was deleted, or would be. */
export interface DeletedFile {
  readonly path: string
  readonly category: Category
  /** Bytes. */
  readonly size: number
  /** Whether no other name leads to the same file: its room becomes free, and perhaps no other copy is left. */
  readonly isOnlyLink: boolean
}

/** What was deleted, or would be. */
export interface Deletion {
  /** The increment. */
  readonly name: string
  /** In the order of paths, those of `track` before those of `deleted`. */
  readonly files: readonly DeletedFile[]
}

/** What the owner of a folder needs to remove what is in it. */
const OWNER_CHANGES = 0o700

/**
 * Deletes an increment with all that is in it; no other one needs it. It goes at once, by its name: what an interruption leaves behind is no increment any more, and the next run removes
 * it.
 *
 * @param destination - the folder that holds it
 * @param steps - how files are removed, so that each step can be made to fail
 * @throws ERR_VARVE_NOT_FOUND; ERR_VARVE_STORAGE; ERR_VARVE_LOCKED; ERR_VARVE_ABORTED
 */
export async function deleteIncrement(
  destination: string,
  name: string,
  options: DeleteOptions = {},
  steps: FileSteps = new FileSteps(),
): Promise<Deletion> {
  const folder = requireIncrement(destination, name)
  return await withLockedMirror(destination, options, async (layout) => {
    const files = Array.from(filesOf(folder)).flatMap(({ category, path, stats }): readonly DeletedFile[] =>
      stats.isFile() ? [{ path, category, size: Number(stats.size), isOnlyLink: stats.nlink === 1n }] : [],
    )
    if (options.dryRun === true) return { name, files }
    const grave = join(layout.work, `deleted-${name}-${randomBytes(6).toString('hex')}`)
    attempt(folder, () => {
      steps.ensureFolder(layout.work)
      steps.rename(folder, grave)
      steps.flushFolder(layout.destination)
      steps.removeAll(grave)
    })
    return { name, files }
  })
}

/**
 * Deletes the files of an increment that match masks. Its metadata first says that their content is not in it any more, and goes on to tell what they were; then they go. Where that is
 * interrupted, what is left is found by `validate`, and goes when the same is asked again.
 *
 * @param masks - see {@link compileMasks}; at least one
 * @param steps - how files are removed, so that each step can be made to fail
 * @throws ERR_VARVE_BAD_ARGUMENT; ERR_VARVE_NOT_FOUND; ERR_VARVE_UNSUPPORTED where the original program made the metadata; ERR_VARVE_DAMAGED; ERR_VARVE_STORAGE; ERR_VARVE_LOCKED; ERR_VARVE_ABORTED
 */
export async function deleteFiles(
  destination: string,
  name: string,
  masks: readonly string[],
  options: DeleteOptions = {},
  steps: FileSteps = new FileSteps(),
): Promise<Deletion> {
  if (masks.length === 0) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'no mask says which files to delete', { hint: 'give at least one' })
  }
  const matches = compileMasks(masks)
  const folder = requireIncrement(destination, name)
  return await withLockedMirror(destination, options, async () => {
    const loaded = await loadIncrement(folder)
    if (loaded.origin === 'original') {
      throw new VarveError(
        'ERR_VARVE_UNSUPPORTED',
        `the metadata of '${name}' is the original program's: it is left as it is`,
        {
          hint: 'rebuild it first with `varve mirror recreate --force`, which keeps the old one beside it',
        },
      )
    }
    const { increment } = loaded
    const chosen = increment.entries.filter((entry) => contentsOf(entry).length > 0 && matches(entry.path))
    const files = findFiles(folder, chosen)
    if (options.dryRun === true || chosen.length === 0) return { name, files }
    const marked = new Set(chosen)
    const entries = increment.entries.map((entry) =>
      marked.has(entry) ? { ...entry, isContentDeleted: true as const } : entry,
    )
    if (chosen.some((entry) => entry.isContentDeleted !== true)) {
      await writeMetadata(metadataPath(folder), { ...increment, entries })
    }
    attempt(folder, () => {
      for (const { category, path } of files) removeFile(`${folder}/${category}/${path}`, steps)
      steps.flushFileSystem(folder)
    })
    return { name, files }
  })
}

/** What an entry's content is, whether or not it was deleted already. */
function contentsOf({ path, before, after }: CatalogueEntry): readonly Pick<DeletedFile, 'path' | 'category'>[] {
  const kept = keptStates({ path, before, after })
  return kept.flatMap(({ category, state }) => (state.type === 'file' ? [{ path, category }] : []))
}

/** Those of some entries that are there. */
function findFiles(folder: string, entries: readonly CatalogueEntry[]): readonly DeletedFile[] {
  const places = new PlainFolders()
  const files = entries.flatMap(contentsOf).flatMap(({ path, category }): readonly DeletedFile[] => {
    const stats = places.look(folder, `${category}/${path}`)
    if (stats?.isFile() !== true) return []
    return [{ path, category, size: Number(stats.size), isOnlyLink: stats.nlink === 1n }]
  })
  return [
    ...files.filter(({ category }) => category === 'track'),
    ...files.filter(({ category }) => category === 'deleted'),
  ]
}

function requireIncrement(destination: string, name: string): string {
  const folder = join(resolve(destination), name)
  if (isIncrementName(name) && lookAt(folder)?.isDirectory() === true) return folder
  throw new VarveError('ERR_VARVE_NOT_FOUND', `'${destination}' has no increment '${basename(name)}'`)
}

/** Removes a file and leaves the folder around it as it was: permissions and time are history too. */
function removeFile(path: string, steps: FileSteps): void {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const around = steps.stat(folder)
  if (around === undefined) return
  const mode = Number(around.mode & 0o7777n)
  const isClosed = (mode & OWNER_CHANGES) !== OWNER_CHANGES
  if (isClosed) steps.setFolderMode(folder, mode | OWNER_CHANGES)
  steps.remove(path)
  if (isClosed) steps.setFolderMode(folder, mode)
  steps.setTime(folder, around.mtimeNs)
}

function attempt(folder: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_STORAGE', `cannot delete from '${folder}': ${describeError(error)}`, {
      cause: error,
    })
  }
}
