import { isId } from '../repository/id.ts'
import type { FileType } from './storage.ts'

/** Whether an object of this kind can have this name: 64 hexadecimal digits, or nothing for the config. */
export function isObjectName(type: FileType, name: string): boolean {
  return type === 'config' ? name === '' : isId(name)
}

/**
 * Refuses names that no object can have, before they become part of a path or a query.
 * @throws a plain Error: names come from listings and hashes, so a wrong one is a mistake of the caller
 */
export function assertObjectName(type: FileType, name: string): void {
  if (!isObjectName(type, name)) throw new Error(`'${name}' cannot be the name of a ${type}`)
}

/** What messages call an object: `the config`, `pack 1a2b3c4d`. */
export function describeObject(type: FileType, name: string): string {
  return type === 'config' ? 'the config' : `${type} ${name.slice(0, 8)}`
}
