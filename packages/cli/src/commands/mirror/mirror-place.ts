import { loadConfig, type Profile } from '@varve/mirror'
import { isVarveError, toFsPath, VarveError } from '@varve/platform'
import type { Command } from 'commander'
import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { badArgument } from '../../bad-argument.ts'
import type { CommandContext } from '../../command.ts'
import { repeatable } from '../../repeatable-option.ts'

/** How a command names a configuration. */
export interface ConfigOptions {
  readonly config?: string
  readonly profile: readonly string[]
  readonly allProfiles?: boolean
}

/** How a command names the folder that holds a mirror and its increments. */
export interface PlaceOptions extends ConfigOptions {
  readonly dist?: string
}

/** Adds the options that name a configuration. */
export function declareConfigOptions(command: Command): void {
  command
    .option(
      '-c, --config <file>',
      'the configuration (default: mirror.toml, mirror.json or config.json in this folder)',
    )
    .addOption(repeatable('--profile <name>', 'which profile of the configuration'))
}

/** Adds the options that name a mirror. */
export function declarePlaceOptions(command: Command): void {
  command.option('-d, --dist <folder>', 'the folder that holds mirror/ and the increments (default: as configured)')
  declareConfigOptions(command)
}

/** Adds the argument that names a mirror, another word for `--dist`. */
export function declarePlaceArgument(command: Command): void {
  command.argument('[dist]', 'the folder that holds mirror/ and the increments (default: as configured)')
}

/**
 * The profiles that options name.
 * @throws as `loadConfig`
 */
export function chosenProfiles(
  { config, profile, allProfiles }: ConfigOptions,
  { workingFolder, environment }: CommandContext,
): readonly Profile[] {
  if (allProfiles === true && profile.length > 0) throw badArgument('--profile and --all-profiles exclude each other')
  const home = environment['HOME'] ?? homedir()
  return loadConfig({ file: config, folder: workingFolder, home }, allProfiles === true ? 'all' : profile)
}

/**
 * The folder that holds the mirror which a command is about: the one that is named, or else the configuration's, or else the current folder where that is
 * one.
 *
 * @param given - the argument, where the command has one
 * @returns its absolute path
 * @throws ERR_VARVE_BAD_ARGUMENT where several are named; as `loadConfig`
 */
export function chosenDestination(given: string | undefined, options: PlaceOptions, context: CommandContext): string {
  const { dist, config, profile } = options
  const { workingFolder } = context
  const named = given ?? dist
  const isConfigured = config !== undefined || profile.length > 0
  if ((given !== undefined && dist !== undefined) || (named !== undefined && isConfigured) || profile.length > 1) {
    throw badArgument('more than one mirror is named', 'name one folder, or one profile')
  }
  // An unset variable of a shell must not mean the current folder.
  if (named === '') throw badArgument('the name of the folder is empty')
  if (named !== undefined) return resolve(workingFolder, named)
  try {
    const [chosen] = chosenProfiles(options, context)
    if (chosen !== undefined) return chosen.config.destination
  } catch (error) {
    if (isConfigured || !isVarveError(error, 'ERR_VARVE_CONFIG')) throw error
    if (!looksLikeMirror(workingFolder)) throw notNamed(error)
  }
  return workingFolder
}

function notNamed(error: VarveError): VarveError {
  return new VarveError(error.code, error.message, {
    hint: 'name the folder that holds mirror/ and the increments, or a configuration with --config',
    cause: error,
  })
}

/** Whether a folder has increments in it, or a mirror and its state. */
function looksLikeMirror(folder: string): boolean {
  const names = readdirSync(toFsPath(folder))
  return names.includes('.varve-mirror') || names.some((name) => /^backup_\d{8}_\d{6}/.test(name))
}
