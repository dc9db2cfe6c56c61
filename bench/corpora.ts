import type { Corpus, CorpusName } from './corpora/corpus.ts'
import { image, media } from './corpora/media.ts'
import { npmTree } from './corpora/npm.ts'
import { publishedVersions } from './corpora/published-versions.ts'
import { folder, tiny } from './corpora/tiny-files.ts'
import { writeProject, writtenHistory, writtenProject } from './corpora/written-project.ts'
import { changeFiles } from './corpora/changes.ts'

/** How large the corpora are. */
export interface Sizes {
  /** MiB of media. */
  readonly media: number
  /** MiB of the one large file. */
  readonly image: number
  readonly tinyFiles: number
  readonly folderEntries: number
  /** Snapshots that are listed. */
  readonly snapshots: number
  /** Blobs in the repository whose index is loaded. */
  readonly blobs: number
  /** Files of the largest step of the doubling series. */
  readonly series: number
}

/** What the benchmark is for. */
export const FULL_SIZES: Sizes = {
  media: 2048,
  image: 8192,
  tinyFiles: 1_000_000,
  folderEntries: 200_000,
  snapshots: 100,
  blobs: 1_000_000,
  series: 1_024_000,
}

/** Enough to see that everything works. */
export const QUICK_SIZES: Sizes = {
  media: 32,
  image: 32,
  tinyFiles: 1000,
  folderEntries: 1000,
  snapshots: 3,
  blobs: 50_000,
  series: 4000,
}

/** Files of the folder that the overhead of a call is measured on. */
const FEW = 200

/**
 * The corpora by name.
 * @param root - where those that come from the network are kept
 * @param offline - makes others by script instead
 */
export function corpora(root: string, sizes: Sizes, offline: boolean): Record<CorpusName, Corpus> {
  return {
    media: media(sizes.media),
    npm: offline ? writtenProject(500) : npmTree(root),
    states: offline ? writtenHistory(300, 4) : publishedVersions(root),
    image: image(sizes.image),
    tiny: tiny(sizes.tinyFiles),
    folder: folder(sizes.folderEntries),
    overhead: {
      name: 'overhead',
      title: 'what a call costs however little there is to do',
      bytes: 1e6,
      hasManyFiles: false,
      hasYardsticks: false,
      make: (folder) => writeProject(folder, FEW),
      change: changeFiles,
    },
  }
}
