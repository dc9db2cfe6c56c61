import { VarveError } from '@varve/platform/errors'
import type { TarEntry } from './tar-entry.ts'

/** A volume as an index knows it. */
export interface Volume {
  /** From 1 on; archives of other programs may begin with 0. */
  readonly number: number
  /** Name of its file. */
  readonly file: string
  /** Of the file, in bytes. */
  readonly size: number
  /** Of the file, in hexadecimal; undefined where nobody has read all of it yet. */
  readonly sha256: string | undefined
}

/** Where a member, or a part of it, lies. */
export interface MemberPiece {
  /** Number of the volume. */
  readonly volume: number
  /** Of its first header block, in bytes from the beginning of the tar. */
  readonly offset: number
  /** Bytes of content that are there. */
  readonly size: number
}

/** A member of a set of volumes. */
export interface TarMember extends TarEntry {
  /** One, or several for a file that was split, in the order of its content. */
  readonly pieces: readonly [MemberPiece, ...MemberPiece[]]
  /** Of the content, in hexadecimal; undefined for what has none, and where nobody has read it yet. */
  readonly sha256: string | undefined
}

/** What lies in which volume. */
export interface VolumeIndex {
  /** Written into every volume, so that a volume of another set is noticed; undefined for archives of other programs. */
  readonly set: string | undefined
  readonly volumes: readonly Volume[]
  /** In the order in which they lie in the volumes. */
  readonly members: readonly TarMember[]
}

/**
 * @param what - names the index in errors
 * @throws ERR_VARVE_DAMAGED where an index contradicts itself
 */
export function assertConsistent({ volumes, members }: VolumeIndex, what: string): void {
  const numbers = new Set(volumes.map(({ number }) => number))
  if (numbers.size !== volumes.length) throw new VarveError('ERR_VARVE_DAMAGED', `${what} names a volume twice`)
  for (const { path, size, pieces } of members) {
    const known = pieces.every(({ volume }) => numbers.has(volume))
    const ordered = pieces.every(({ volume }, i) => i === 0 || volume > (pieces[i - 1]?.volume ?? volume))
    const sum = pieces.reduce((bytes, piece) => bytes + piece.size, 0)
    if (!known || !ordered || sum !== size) {
      throw new VarveError('ERR_VARVE_DAMAGED', `${what} contradicts itself about '${path}'`)
    }
  }
}
