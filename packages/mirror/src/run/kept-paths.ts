/** Paths at and below which nothing is known of the source, so that what the mirror has there stays as it is. */
export class KeptPaths {
  readonly #paths: Set<string>

  constructor(paths: Iterable<string>) {
    this.#paths = new Set(paths)
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0
  }

  add(path: string): void {
    this.#paths.add(path)
  }

  /** Whether a path is one of them, or below one. */
  has(path: string): boolean {
    if (this.#paths.size === 0) return false
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.#paths.has(path.slice(0, end))) return true
    }
    return false
  }

  /** Whether a path is one of them, or one of them lies above or below it. */
  concerns(path: string): boolean {
    return this.has(path) || [...this.#paths].some((kept) => path === '' || kept.startsWith(`${path}/`))
  }
}
