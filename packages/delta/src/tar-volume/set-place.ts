import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { flushFolder } from '@varve/platform'
import { attempt } from './volume-file.ts'
import type { VolumeIndex } from './volume-index.ts'
import { writeVolumeIndex } from './volume-index-file.ts'
import { indexName, isSetFile, namesIn } from './volume-name.ts'

/**
 * Where a set of volumes goes. A set that takes the place of another is written in a folder beside it, and moved when it is whole, so that there
 * never is less than one whole set.
 */
export class SetPlace {
  readonly folder: string
  readonly key: string
  /** Where volumes are written. */
  readonly writeFolder: string

  private constructor(folder: string, key: string, writeFolder: string) {
    this.folder = folder
    this.key = key
    this.writeFolder = writeFolder
  }

  /**
   * A place for a new set.
   * @throws ERR_VARVE_STORAGE; ERR_VARVE_EXISTS where a set of this key is there and may not be replaced
   */
  static async prepare(folder: string, key: string, replace: boolean): Promise<SetPlace> {
    const path = resolve(folder)
    return await attempt(path, async () => {
      await mkdir(toFsPath(path), { recursive: true })
      const [there] = (await namesIn(path)).filter((name) => isSetFile(name, key) && !isLeftOver(name))
      if (there === undefined) return new SetPlace(path, key, path)
      if (!replace) {
        throw new VarveError('ERR_VARVE_EXISTS', `'${join(folder, there)}' is there already`, {
          hint: 'choose another key or folder, add to the set, or have it replaced',
        })
      }
      const beside = join(path, `.${key}.new-tmp-${randomBytes(8).toString('hex')}`)
      await mkdir(toFsPath(beside))
      return new SetPlace(path, key, beside)
    })
  }

  /** The place of a set that is there. */
  static of(folder: string, key: string): SetPlace {
    return new SetPlace(resolve(folder), key, resolve(folder))
  }

  /**
   * Makes the volumes that were written the set of this key.
   * @returns path of the index
   * @throws ERR_VARVE_STORAGE
   */
  async settle(index: VolumeIndex): Promise<string> {
    const path = join(this.folder, indexName(this.key))
    if (this.writeFolder === this.folder) {
      await writeVolumeIndex(path, index)
      return path
    }
    await attempt(this.folder, async () => {
      // The index first: volumes without it are missed, an index without its volumes would promise what is not there.
      await rm(toFsPath(path), { force: true })
      for (const name of await namesIn(this.folder)) {
        if (isSetFile(name, this.key)) await rm(toFsPath(join(this.folder, name)))
      }
      for (const { file } of index.volumes) {
        await rename(toFsPath(join(this.writeFolder, file)), toFsPath(join(this.folder, file)))
      }
      await flushFolder(this.folder)
      await rmdir(toFsPath(this.writeFolder))
    })
    await writeVolumeIndex(path, index)
    return path
  }

  /** Removes volumes that were written in vain. Never fails: there is a first failure to report. */
  async clean(files: readonly string[]): Promise<void> {
    for (const file of files) await rm(toFsPath(join(this.writeFolder, file)), { force: true }).catch(() => undefined)
    if (this.writeFolder !== this.folder) await rmdir(toFsPath(this.writeFolder)).catch(() => undefined)
  }
}

function isLeftOver(name: string): boolean {
  return /-tmp-[0-9a-f]{16}$/.test(name)
}
