import { readFolder } from '../snapshot/source-tree.ts'
import { lookAt } from './plan-context.ts'

/**
 * Entries of a folder that a snapshot does not have there.
 *
 * @param path - the folder
 * @param expected - names that the snapshot has
 * @throws the system's error where the folder cannot be listed
 */
export function unexpectedNames(path: string, separator: string, expected: ReadonlySet<string>): readonly string[] {
  const names = readFolder(path)
  const unexpected = names.filter((name) => !expected.has(name))
  if (unexpected.length === 0) return unexpected
  const present = new Set(names)
  const similar = new Map<string, string>()
  for (const name of expected) if (!present.has(name)) similar.set(comparable(name), name)
  return unexpected.filter((name) => {
    const other = similar.get(comparable(name))
    // Where the file system takes `Name` and `name` for the same entry, it lists one and finds both.
    return other === undefined || lookAt(path + separator + other) === undefined
  })
}

function comparable(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
