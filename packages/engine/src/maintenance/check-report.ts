import type { BlobHandle } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'

/** A file, or a folder with all that is in it, that a problem makes incomplete. */
export interface AffectedPath {
  readonly snapshot: Id
  /** From the snapshot's root, starting with `/`; folders end with `/`. */
  readonly path: string
}

/** What a problem with content means for people. */
export interface Affected {
  /** The first hundred. */
  readonly paths: readonly AffectedPath[]
  /** How many there are. */
  readonly total: number
  /** There may be more than `total`: the search was cut short because there are so many. */
  readonly more: boolean
}

/** Something that is wrong with a repository. `message` says it in a sentence that names the thing. */
export type CheckProblem = { readonly message: string } & (
  | { readonly kind: 'damaged-config' }
  | { readonly kind: 'damaged-key'; readonly key: Id }
  | { readonly kind: 'damaged-index'; readonly index: Id }
  /** Indexes that say different things about one pack. */
  | { readonly kind: 'conflicting-indexes'; readonly pack: Id; readonly indexes: readonly Id[] }
  | { readonly kind: 'damaged-snapshot'; readonly snapshot: Id }
  /** A pack that an index names is not there. */
  | { readonly kind: 'missing-pack'; readonly pack: Id; readonly affected: Affected }
  /** A pack is shorter or longer than its index says. `affected` has what needs content beyond its end. */
  | {
      readonly kind: 'wrong-pack-size'
      readonly pack: Id
      /** Bytes. */
      readonly expected: number
      readonly actual: number
      readonly affected: Affected
    }
  /** A pack cannot be read, does not have its hash, or its header does not agree with the index. What is lost by it, the damaged blobs say. */
  | { readonly kind: 'damaged-pack'; readonly pack: Id; readonly affected: Affected }
  /** A pack was not right when it was read, and was when it was read once more. It is not damaged; memory, a disk or a network is not to be relied on. */
  | { readonly kind: 'unreliable-reading'; readonly pack: Id }
  /** One of the places of a blob does not hold it. Nothing is affected as long as another place does. */
  | { readonly kind: 'damaged-blob'; readonly pack: Id; readonly blob: BlobHandle; readonly affected: Affected }
  /** A snapshot needs a blob that no index knows. */
  | { readonly kind: 'missing-blob'; readonly blob: BlobHandle; readonly affected: Affected }
  /** A folder cannot be read, or an entry of it makes no sense. */
  | { readonly kind: 'damaged-tree'; readonly tree: Id; readonly affected: Affected }
)

/** Something that is not as it should be and that harms nobody. */
export type CheckHint = { readonly message: string } & (
  | { readonly kind: 'duplicate-pack-entries'; readonly pack: Id; readonly indexes: readonly Id[] }
  | { readonly kind: 'mixed-pack'; readonly pack: Id }
  /** Packs that no index names: left over from something that was interrupted, or being written right now. */
  | { readonly kind: 'unindexed-packs'; readonly packs: readonly Id[]; readonly bytes: number }
  /** Blobs that are stored more than once. */
  | { readonly kind: 'duplicate-blobs'; readonly count: number; readonly bytes: number }
)

/** What a check looked at. */
export interface CheckCounts {
  readonly snapshots: number
  readonly indexes: number
  readonly packs: number
  /** Distinct blobs that indexes name. */
  readonly blobs: number
  /** Distinct folders of all snapshots. */
  readonly trees: number
  /** Distinct blobs of file content that snapshots need. */
  readonly dataBlobs: number
  /** Packs whose every byte was verified, and their bytes. */
  readonly packsRead: number
  readonly bytesRead: number
}

/** What a check found. The repository is sound when there are no problems. */
export interface CheckResult {
  readonly problems: readonly CheckProblem[]
  readonly hints: readonly CheckHint[]
  readonly counts: CheckCounts
}

/** Nothing affected. */
export const UNAFFECTED: Affected = { paths: [], total: 0, more: false }
