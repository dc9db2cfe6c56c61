import { VarveError } from '@varve/platform/errors'
import { isEntryName } from '@varve/platform/file-name'
import type { TarEntryType } from './tar-entry.ts'

/**
 * The paths of members that can be extracted together: none leads out of the folder that they are extracted to, none comes twice, and none lies below
 * a member that is no folder, such as a symbolic link that leads elsewhere.
 */
export class MemberPaths {
  readonly #types = new Map<string, TarEntryType>()
  /** Folders that members lie in. */
  readonly #needed = new Set<string>()

  /**
   * Adds the path of a member.
   * @throws ERR_VARVE_UNSAFE_PATH where it may not be extracted together with the others
   */
  add(path: string, type: TarEntryType): void {
    assertSafePath(path)
    if (this.#types.has(path)) {
      throw new VarveError('ERR_VARVE_UNSAFE_PATH', `the member '${path}' is there twice`)
    }
    if (type !== 'dir' && (path === '' || this.#needed.has(path))) {
      throw new VarveError('ERR_VARVE_UNSAFE_PATH', `the member '${path}' is no folder, but others lie in it`)
    }
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end)
      const above = this.#types.get(folder)
      if (above !== undefined && above !== 'dir') {
        throw new VarveError('ERR_VARVE_UNSAFE_PATH', `the member '${path}' lies below '${folder}', which is no folder`)
      }
      if (this.#needed.has(folder)) break
      this.#needed.add(folder)
    }
    this.#types.set(path, type)
  }

  /** What a member is; undefined where there is none. */
  typeOf(path: string): TarEntryType | undefined {
    return this.#types.get(path)
  }
}

/** @throws ERR_VARVE_UNSAFE_PATH for a path that would leave the folder which it is relative to */
export function assertSafePath(path: string): void {
  if (path === '' || path.split('/').every(isEntryName)) return
  throw new VarveError(
    'ERR_VARVE_UNSAFE_PATH',
    `the member '${path}' would lie outside the folder that it is extracted to`,
  )
}
