import type { FolderContent } from './folder-content.ts'

/** A snapshot that a program has reported as saved. */
export interface SavedSnapshot {
  /** Its whole id, or as much of it as the program told. */
  readonly id: string
  readonly source: string
  readonly content: FolderContent
}

/** What must be in the repository: the snapshots that were reported as saved, and that nobody has begun to remove. */
export class Model {
  readonly #saved = new Map<string, SavedSnapshot>()

  /** All that must be there now. */
  get snapshots(): readonly SavedSnapshot[] {
    return [...this.#saved.values()]
  }

  /** A program said that it saved a snapshot. */
  save(snapshot: SavedSnapshot): void {
    this.#saved.set(snapshot.id, snapshot)
  }

  /** Somebody begins to remove a snapshot: from now on it may be there or not. */
  doom(id: string): void {
    this.#saved.delete(id)
  }

  /** Whether a snapshot must still be there. */
  has(id: string): boolean {
    return this.#saved.has(id)
  }
}
