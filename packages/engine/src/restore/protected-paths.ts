import type { Storage } from '../storage/storage.ts'
import { realPath } from './target-folder.ts'

/** Where the repository lies: a restore into a folder that has it must not remove or overwrite it. */
export class ProtectedPaths {
  readonly #paths: readonly string[]
  readonly #separator: string

  /** @param paths - absolute, without symbolic links */
  constructor(paths: readonly string[], separator: string) {
    this.#paths = paths
    this.#separator = separator
  }

  /** The paths of a repository's storage that matter for a target. */
  static of(storage: Pick<Storage, 'localPaths'>, target: string, separator: string): ProtectedPaths {
    const paths = storage.localPaths.flatMap(realPathIfAny)
    return new ProtectedPaths(
      paths.filter((path) => new ProtectedPaths([path], separator).touches(target)),
      separator,
    )
  }

  /** Whether this path is part of the repository, or has it somewhere below. */
  touches(path: string): boolean {
    return this.#paths.some((other) => path === other || this.#isWithin(path, other) || this.#isWithin(other, path))
  }

  /** Whether this path is part of the repository. */
  has(path: string): boolean {
    return this.#paths.some((other) => path === other || this.#isWithin(path, other))
  }

  #isWithin(inner: string, outer: string): boolean {
    return inner.startsWith(outer.endsWith(this.#separator) ? outer : outer + this.#separator)
  }
}

function realPathIfAny(path: string): string[] {
  try {
    return [realPath(path)]
  } catch {
    // What is not there cannot be overwritten.
    return []
  }
}
