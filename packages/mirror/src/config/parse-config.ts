import { parse as parseToml, TomlError } from 'smol-toml'
import { describeError, VarveError } from '@varve/platform/errors'
import * as v from 'valibot'
import { CONFIG_SCHEMA, explainIssues, type WrittenConfig } from './config-schema.ts'

/** Forms that a configuration can be written in. */
export type ConfigFormat = 'json' | 'toml'

/** The form of a configuration file: by its name, or else by how it begins. */
export function configFormat(path: string, text: string): ConfigFormat {
  if (/\.toml$/i.test(path)) return 'toml'
  if (/\.json$/i.test(path)) return 'json'
  return /^\s*\{/.test(text) ? 'json' : 'toml'
}

/**
 * Reads what a configuration says, without looking at any folder.
 *
 * @param bytes - of the file: UTF-8
 * @param path - of the file, for its form and for errors
 * @throws ERR_VARVE_CONFIG where it is not well-formed, or where keys or values are not what they should be; all faults are told at once
 */
export function parseConfig(bytes: Uint8Array, path: string): WrittenConfig {
  const text = decode(bytes, path)
  const { success, output, issues } = v.safeParse(CONFIG_SCHEMA, parseText(text, path))
  if (success) return output
  const [first = '', ...others] = explainIssues(issues)
  const more = others.map((fault) => `, and ${fault}`).join('')
  throw configError(`${path}: ${first}${more}`)
}

/** A failure of a configuration: `ERR_VARVE_CONFIG`. */
export function configError(message: string, hint?: string, cause?: unknown): VarveError {
  return new VarveError('ERR_VARVE_CONFIG', message, { ...(hint === undefined ? {} : { hint }), cause })
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    const hint = 'save it as UTF-8; in JSON, "\\udce9" stands for the byte E9 of a name that is not'
    throw configError(`${path} is not UTF-8`, hint, error)
  }
}

function parseText(text: string, path: string): unknown {
  const format = configFormat(path, text)
  try {
    return format === 'json' ? JSON.parse(text) : parseToml(text)
  } catch (error) {
    if (!(error instanceof TomlError))
      throw configError(`${path} is not JSON: ${describeError(error)}`, undefined, error)
    const [what = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
    throw configError(`${path}, line ${error.line}, column ${error.column}: ${what}`, undefined, error)
  }
}
