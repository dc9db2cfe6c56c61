import { stringify as toToml } from 'smol-toml'
import { configError, configFormat, type ConfigFormat, parseConfig } from './parse-config.ts'

/** What a new configuration says from the beginning. */
export interface NewConfig {
  readonly src: string
  readonly dist: string
  readonly includeDirs: readonly string[]
  readonly trackDirs: readonly string[]
}

/** What is written where nothing else is wanted. */
export const USUAL_PLACES = { src: '~/Documents', dist: '~/Backups' } as const

/**
 * The text of a new configuration. In TOML it explains itself; JSON has no comments.
 *
 * @param path - of the file: its name says the form
 * @throws ERR_VARVE_CONFIG for folders that a configuration must not have, and for a path that is not UTF-8 in TOML, which cannot write such
 */
export function newConfigText(path: string, config: NewConfig): string {
  const text = configText(configFormat(path, ''), config)
  parseConfig(Buffer.from(text), path)
  return text
}

function configText(format: ConfigFormat, { src, dist, includeDirs, trackDirs }: NewConfig): string {
  const lists = { include_dirs: includeDirs, track_dirs: trackDirs, exclude_dirs: [] }
  const fileLists = { include_files: [], track_files: [], exclude_files: USUALLY_UNWANTED }
  if (format === 'json') return `${JSON.stringify({ src, dist, ...lists, ...fileLists }, undefined, 2)}\n`
  return `# What 'varve mirror run' mirrors. Nothing is mirrored that no list names.

# The folder to mirror, and the folder that gets mirror/ and the increments. ~ is your home folder; what is relative is so to this file.
${line('src', src)}
${line('dist', dist)}

# Folders, relative to src, with all that is in them; "." is all of src. Those of track_dirs are mirrored as well, and increments keep what changes in
# them. ** stands for any folders on the way: "**/cache" is every folder called cache.
${line('include_dirs', includeDirs)}
${line('track_dirs', trackDirs)}
${line('exclude_dirs', [])}

# Files: "todo.txt" is that one file of src, "*.md" is every such file in any folder. What is named without wildcards is taken even from folders that
# are left out. In exclude_files a name leaves out every file that is called so.
${line('include_files', [])}
${line('track_files', [])}
${line('exclude_files', USUALLY_UNWANTED)}

# How many threads copy; as many as there are processors, up to 8, if it is not said.
# max_workers = 8

# Several ways to mirror, chosen with --profile. Each has the keys above where it does not say otherwise.
# [profiles.usb]
# dist = "/media/usb/backups"
`
}

/** Left out in a new configuration: what systems put into folders on their own. */
const USUALLY_UNWANTED = ['.DS_Store', 'Thumbs.db', 'desktop.ini']

function line(key: string, value: string | readonly string[]): string {
  const texts = typeof value === 'string' ? [value] : value
  const strange = texts.find((text) => !text.isWellFormed())
  if (strange === undefined) return toToml({ [key]: value }).trimEnd()
  throw configError(
    `${JSON.stringify(strange)} cannot be written in TOML: it is not UTF-8`,
    'name a file that ends in .json',
  )
}
