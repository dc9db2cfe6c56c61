import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { WrittenProfile } from './config-schema.ts'
import type { MirrorConfig } from './mirror-config.ts'
import { configError, parseConfig } from './parse-config.ts'
import { refuseLoops } from './refuse-loops.ts'
import { resolveProfile } from './resolve-profile.ts'

/** Names that a configuration is looked for under, the first that is there; the last is what the original program looked for. */
export const CONFIG_NAMES = ['mirror.toml', 'mirror.json', 'config.json'] as const

/** One way to mirror that a configuration file describes. */
export interface Profile {
  /** Undefined where the file describes only one. */
  readonly name: string | undefined
  readonly config: MirrorConfig
}

/** Where a configuration is looked for. */
export interface ConfigPlace {
  /** Of the file, relative to `folder`; undefined looks for one of {@link CONFIG_NAMES}. */
  readonly file: string | undefined
  /** Absolute. */
  readonly folder: string
  /** What `~` stands for; undefined where nobody knows. */
  readonly home: string | undefined
}

/**
 * Reads a configuration file.
 *
 * @param names - the profiles that are wanted, `all` for all of them; none where nobody said, which is enough where there is only one
 * @returns the wanted profiles in the order in which they were named; one without a name where the file has no profiles
 * @throws ERR_VARVE_CONFIG where there is no file, where it cannot be read, or says something that makes no sense; where a profile is not there, or
 *   none is named and there are several; where source and destination of a wanted profile lie in each other
 */
export function loadConfig(place: ConfigPlace, names: readonly string[] | 'all'): readonly Profile[] {
  const path = findConfig(place)
  const { profiles, ...shared } = parseConfig(readConfig(path), path)
  const surroundings = { folder: dirname(path), home: place.home }
  const written: readonly (readonly [string | undefined, WrittenProfile])[] =
    profiles === undefined
      ? [[undefined, shared]]
      : Object.entries(profiles).map(([name, own]) => [name, { ...withoutReplaced(shared, own), ...own }])
  if (written.length === 0) throw configError(`${path}: profiles has no profile in it`, 'add one, or leave it out')
  return choose(written, names, path).map(([name, profile]) => {
    const config = resolveProfile(profile, name === undefined ? path : `${path}: profile '${name}'`, surroundings)
    refuseLoops(config)
    return { name, config }
  })
}

function choose<Named extends readonly [string | undefined, unknown]>(
  all: readonly Named[],
  names: readonly string[] | 'all',
  path: string,
): readonly Named[] {
  if (names === 'all') return all
  const known = all.flatMap(([name]) => name ?? [])
  const hint = known.length === 0 ? 'it has none at all; leave the name out' : `there are: ${known.join(', ')}`
  if (names.length === 0 && all.length > 1) throw configError(`${path} has several profiles, and none was named`, hint)
  if (names.length === 0) return all
  return names.map((wanted) => {
    const found = all.find(([name]) => name === wanted)
    if (found === undefined) throw configError(`${path} has no profile '${wanted}'`, hint)
    return found
  })
}

/** A profile's own place to mirror to replaces the shared one, whichever of the two words each uses. */
function withoutReplaced({ dist, dst, ...others }: WrittenProfile, own: WrittenProfile): WrittenProfile {
  if (own.dist !== undefined || own.dst !== undefined) return others
  return { ...others, ...(dist === undefined ? {} : { dist }), ...(dst === undefined ? {} : { dst }) }
}

function findConfig({ file, folder }: ConfigPlace): string {
  if (file !== undefined) return resolve(folder, file)
  const found = CONFIG_NAMES.map((name) => join(folder, name)).find((path) => isThere(path))
  if (found !== undefined) return found
  throw configError(
    `there is no configuration in '${folder}': no ${CONFIG_NAMES.slice(0, -1).join(', ')} or ${CONFIG_NAMES.slice(-1).join('')}`,
    "make one with 'varve mirror init', or name one with --config",
  )
}

function isThere(path: string): boolean {
  return statSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined
}

function readConfig(path: string): Uint8Array {
  try {
    return readFileSync(toFsPath(path))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw configError(`Config file not found: ${path}`, "make one with 'varve mirror init'", error)
    }
    if (systemErrorCode(error) === 'EISDIR')
      throw configError(`${path} is a folder, not a configuration`, undefined, error)
    throw new VarveError('ERR_VARVE_CONFIG', `cannot read ${path}: ${describeError(error)}`, { cause: error })
  }
}
