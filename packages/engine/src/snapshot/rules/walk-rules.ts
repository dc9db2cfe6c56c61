import type { BigIntStats } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { FolderRules, inspectFolder, type RuleSettings } from './folder-rules.ts'

/** A folder that the walk is in. */
interface EnteredFolder {
  /** The path that its entries' paths start with. */
  readonly prefix: string
  readonly rules: FolderRules
}

/** The `Rules` of `rules.ts`: keeps those for the folders that the walk is in. */
export class WalkRules {
  readonly #settings: RuleSettings
  readonly #entered: EnteredFolder[] = []
  /** The folder that was asked about last without the walk being in it. */
  #outside: EnteredFolder | undefined

  constructor(settings: RuleSettings) {
    this.#settings = settings
  }

  /** See `Rules.excludesPath`. */
  excludesPath(path: string): boolean {
    if (isEntryOf(this.#entered.at(-1), path)) return false
    const folder = this.#folderOutside(path)
    return folder.rules.excludesName(resolve(path).slice(folder.prefix.length))
  }

  /** See `Rules.excludes`. */
  excludes(path: string, stats: BigIntStats, explicit: boolean): boolean {
    if (explicit) return this.#settings.ownFiles.has(stats) || this.#settings.ownFiles.contains(resolve(path))
    const inside = this.#entered.at(-1)
    if (isEntryOf(inside, path)) return inside.rules.excludes(path.slice(inside.prefix.length), stats)
    const folder = this.#folderOutside(path)
    return folder.rules.excludes(resolve(path).slice(folder.prefix.length), stats)
  }

  /** See `Rules.enterFolder`. */
  enterFolder(path: string, names: readonly string[], stats: BigIntStats): readonly string[] {
    const parent = this.#entered.at(-1)
    const rules = isEntryOf(parent, path)
      ? parent.rules.enter({ path, names, stats })
      : FolderRules.startAt(this.#settings, { path: resolve(path), names, stats })
    this.#entered.push({ prefix: withSeparator(path), rules })
    return rules.keptNames(names)
  }

  /** See `Rules.leaveFolder`. */
  leaveFolder(path: string): void {
    const left = this.#entered.pop()
    if (left?.prefix !== withSeparator(path))
      throw new Error(`the walk left '${path}', but was in '${left?.prefix ?? ''}'`)
  }

  #folderOutside(path: string): EnteredFolder {
    const folder = dirname(resolve(path))
    const prefix = withSeparator(folder)
    if (this.#outside?.prefix !== prefix) {
      this.#outside = { prefix, rules: FolderRules.startAt(this.#settings, inspectFolder(folder)) }
    }
    return this.#outside
  }
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep
}

function isEntryOf(folder: EnteredFolder | undefined, path: string): folder is EnteredFolder {
  return folder !== undefined && path.startsWith(folder.prefix)
}
