import { lstatSync, statSync, type BigIntStats } from 'node:fs'
import type { ExtendedAttributes } from '@varve/platform'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { compareNames, toFsPath } from '@varve/platform/file-name'
import type { Rules } from './rules/rules.ts'
import { readFolder, type SourceTree } from './source-tree.ts'

/** What a snapshot wants to know of what `lstat` gave. */
export type EntryStats = Pick<
  BigIntStats,
  | 'mode'
  | 'uid'
  | 'gid'
  | 'ino'
  | 'dev'
  | 'nlink'
  | 'size'
  | 'rdev'
  | 'atimeNs'
  | 'mtimeNs'
  | 'ctimeNs'
  | 'isDirectory'
  | 'isFile'
>

/** What a walk meets with next. */
export type WalkStep =
  /** A folder that is entered: what follows, up to the `leave` that belongs to it, is in it. A leading one is there only because it leads to a source. */
  | {
      readonly kind: 'folder' | 'leading'
      readonly name: string
      readonly path: string
      readonly stats: EntryStats
      /** False where it certainly has no extended attributes. */
      readonly mayHaveAttributes: boolean
    }
  /** An entry that is no folder. */
  | {
      readonly kind: 'entry'
      readonly name: string
      readonly path: string
      readonly stats: EntryStats
      readonly mayHaveAttributes: boolean
      /** Whether the user named it as a source. */
      readonly explicit: boolean
    }
  | { readonly kind: 'leave' }
  /** Something that cannot be looked at, or a rule that cannot be followed. */
  | { readonly kind: 'problem'; readonly path: string; readonly message: string }

/** What a walk goes over. */
export interface WalkContext {
  readonly sources: SourceTree
  readonly separator: string
  readonly rules: Rules
  /** Undefined where this process cannot reach extended attributes. */
  readonly attributes: Pick<ExtendedAttributes, 'mayHave'> | undefined
}

/** A folder whose entries are being visited. */
interface OpenFolder {
  readonly path: string
  readonly prefix: string
  readonly names: readonly string[]
  next: number
  /** Set where sources, rather than the entries of a real folder, are visited. */
  readonly sources: ReadonlyMap<string, SourceTree> | undefined
}

const LEAVE: WalkStep = { kind: 'leave' }

/** Walks over sources, depth first in the order of names' bytes, and leaves out what the rules say. Looks at each entry when it is its turn. */
export class Walk {
  readonly #context: WalkContext
  readonly #open: OpenFolder[] = []

  constructor(context: WalkContext) {
    this.#context = context
    this.#openSources(context.sources)
  }

  /** Goes on; undefined at the end. The last step leaves the root, which nothing has entered. */
  next(): WalkStep | undefined {
    for (let at = this.#open.at(-1); at !== undefined; at = this.#open.at(-1)) {
      const name = at.names[at.next++]
      const step = name === undefined ? this.#leave(at) : this.#visit(at, name)
      if (step !== undefined) return step
    }
    return undefined
  }

  #leave(at: OpenFolder): WalkStep {
    this.#open.pop()
    if (at.sources === undefined) this.#context.rules.leaveFolder(at.path)
    return LEAVE
  }

  #openSources({ infoPath = '', children }: SourceTree): void {
    const names = [...children.keys()].toSorted(compareNames)
    this.#open.push({ path: infoPath, prefix: '', names, next: 0, sources: children })
  }

  #visit(at: OpenFolder, name: string): WalkStep | undefined {
    if (at.sources === undefined) return this.#visitEntry(name, at.prefix + name, false)
    const source = at.sources.get(name)
    if (source === undefined) throw new Error(`source '${name}' is not there`)
    if (source.path !== undefined) return this.#visitEntry(name, source.path, source.explicit)
    return this.#enterLeadingFolder(name, source)
  }

  #enterLeadingFolder(name: string, source: SourceTree): WalkStep {
    const path = source.infoPath
    if (path === undefined) throw new Error(`source '${name}' has nowhere to take its metadata from`)
    try {
      const stats = statSync(toFsPath(path), { bigint: true })
      this.#openSources(source)
      return { kind: 'leading', name, path, stats, mayHaveAttributes: this.#mayHaveAttributes(path) }
    } catch (error) {
      return problemWith(path, error)
    }
  }

  #visitEntry(name: string, path: string, explicit: boolean): WalkStep | undefined {
    const { rules } = this.#context
    try {
      if (!explicit && rules.excludesPath(path)) return undefined
      const stats = lstatSync(toFsPath(path), { bigint: true })
      if (rules.excludes(path, stats, explicit)) return undefined
      if (stats.isDirectory()) return this.#enterFolder(name, path, stats)
      return { kind: 'entry', name, path, stats, mayHaveAttributes: this.#mayHaveAttributes(path), explicit }
    } catch (error) {
      // Gone since the folder was listed: as if it had never been there.
      if (!explicit && systemErrorCode(error) === 'ENOENT') return undefined
      return problemWith(path, error)
    }
  }

  #enterFolder(name: string, path: string, stats: BigIntStats): WalkStep {
    const { rules, separator } = this.#context
    let names: string[]
    try {
      names = sortNames(readFolder(path))
    } catch (error) {
      return problemWith(path, error)
    }
    const kept = rules.enterFolder(path, names, stats)
    const prefix = path.endsWith(separator) ? path : path + separator
    this.#open.push({ path, prefix, names: kept, next: 0, sources: undefined })
    return { kind: 'folder', name, path, stats, mayHaveAttributes: this.#mayHaveAttributes(path) }
  }

  #mayHaveAttributes(path: string): boolean {
    return this.#context.attributes?.mayHave(path) === true
  }
}

function problemWith(path: string, error: unknown): WalkStep {
  if (systemErrorCode(error) === undefined) throw error
  return { kind: 'problem', path, message: describeError(error) }
}

/**
 * In the order of bytes, which for names below the surrogates is the order of JavaScript's strings, and each once: some file systems list an
 * entry twice when their folder changes meanwhile.
 */
function sortNames(names: string[]): string[] {
  if (names.some((name) => /[\ud800-\uffff]/.test(name))) names.sort(compareNames)
  else names.sort()
  return names.filter((name, index) => name !== names[index - 1])
}
