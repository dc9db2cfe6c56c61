import { resolve } from 'node:path'
import type { SelectionRules } from '../selection/selection-rules.ts'
import type { WrittenProfile } from './config-schema.ts'
import { type MirrorConfig } from './mirror-config.ts'
import { configError } from './parse-config.ts'

/** What paths of a configuration are relative to. */
export interface Surroundings {
  /** Absolute path of the folder that the configuration file is in. */
  readonly folder: string
  /** What `~` stands for; undefined where nobody knows. */
  readonly home: string | undefined
}

/**
 * Makes a configuration of what a profile says: absolute paths, and empty lists for those that are not there.
 *
 * @param written - the profile, with what it shares with others
 * @param name - how the profile is called in errors
 * @throws ERR_VARVE_CONFIG where `src` or `dist` is missing, or both `dist` and `dst` are there
 */
export function resolveProfile(written: WrittenProfile, name: string, surroundings: Surroundings): MirrorConfig {
  const { src, dist, dst } = written
  if (src === undefined)
    throw configError(`${name}: src is missing`, 'src is the folder to mirror: src = "~/Documents"')
  if (dist !== undefined && dst !== undefined) {
    throw configError(`${name}: dist and dst are two words for the same`, 'leave one of them out')
  }
  const destination = dist ?? dst
  if (destination === undefined) {
    throw configError(`${name}: dist is missing`, 'dist is the folder to mirror to: dist = "/media/usb/backups"')
  }
  return {
    source: resolvePlace(src, `${name}: src`, surroundings),
    destination: resolvePlace(destination, `${name}: ${dist === undefined ? 'dst' : 'dist'}`, surroundings),
    rules: rulesOf(written),
    maxWorkers: written.max_workers,
  }
}

function rulesOf(written: WrittenProfile): SelectionRules {
  return {
    includeDirs: written.include_dirs ?? [],
    trackDirs: written.track_dirs ?? [],
    excludeDirs: written.exclude_dirs ?? [],
    includeFiles: written.include_files ?? [],
    trackFiles: written.track_files ?? [],
    excludeFiles: written.exclude_files ?? [],
  }
}

function resolvePlace(path: string, key: string, { folder, home }: Surroundings): string {
  if (path !== '~' && !path.startsWith('~/')) return resolve(folder, path)
  if (home === undefined) throw configError(`${key}: nobody knows what ~ stands for`, 'write the whole path')
  return resolve(home, path.slice(2))
}
