import type { CataloguedEntry, SearchResult } from '@varve/mirror'

/** A file or link that a search found in an increment. */
export interface FoundFile extends Pick<CataloguedEntry, 'path' | 'category' | 'type' | 'size' | 'hash'> {
  readonly increment: string
  /** Milliseconds since 1970; undefined where the metadata does not say. */
  readonly mtime: number | undefined
  /** Absolute path of it in the increment. */
  readonly fullPath: string
}

/** What a search found, as one list: by increments, from the first to the last, and in these by paths. */
export function foundFiles(destination: string, { found }: SearchResult): readonly FoundFile[] {
  return found.flatMap(({ increment, files }) =>
    files.map(({ path, category, type, size, mtime, hash }) => ({
      increment: increment.name,
      path,
      category,
      type,
      size,
      hash,
      mtime: mtime === undefined ? undefined : Number(mtime / 1_000_000n),
      fullPath: `${destination}/${increment.name}/${category}/${path}`,
    })),
  )
}

/** A moment for programs; undefined where it is not known. */
export function isoTime(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()
}
