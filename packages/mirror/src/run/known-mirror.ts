import { type EntryRow, EntryTable, EntryTableBuilder } from '../scan/entry-table.ts'
import type { ScanRules } from '../scan/scan-folder.ts'
import { batchesOf, readFiles } from './file-batches.ts'
import type { RunContext } from './run-context.ts'

/**
 * What is known of a mirror whose state is lost: that it holds what it holds, and that what would be tracked was. Everything tracked is read for its hash.
 * @throws ERR_VARVE_ABORTED
 */
export async function learnMirror(context: RunContext, mirror: EntryTable, rules: ScanRules): Promise<EntryTable> {
  const tracked = mirror.paths.flatMap((path, row) => {
    const isTracked =
      mirror.kind(row) === 'dir' ? rules.decideFolder(path).choice === 'tracked' : rules.decideFile(path) === 'tracked'
    return isTracked && mirror.kind(row) !== 'other' ? [{ path, row }] : []
  })
  const hashes = new Map<string, Uint8Array>()
  const files = tracked.filter(({ row }) => mirror.kind(row) === 'file')
  context.begin('reading the mirror', files.length)
  const batches = batchesOf(files, ({ row }) => mirror.size(row))
  await readFiles(context, context.layout.mirror, undefined, batches, ({ path }, outcome) => {
    if (outcome.kind === 'read') hashes.set(path, outcome.hash)
    else context.report({ path, message: `its copy in the mirror cannot be read: ${outcome.message}` })
  })
  const all = new Set(
    tracked
      .filter(({ path, row }) => mirror.kind(row) !== 'file' || hashes.has(path))
      .flatMap(({ path }) => withFoldersAround(path)),
  )
  const builder = new EntryTableBuilder(true)
  for (const [row, path] of mirror.paths.entries()) {
    if (mirror.kind(row) === 'other') continue
    const entry: EntryRow = { ...mirror.row(row), tracked: all.has(path), hash: hashes.get(path) }
    builder.add(path, entry)
  }
  return new EntryTable(builder.finish())
}

/**
 * A mirror without files that are the source's own: another program linked them, so that whatever is written into the source's would be in the mirror's, and in increments that share them.
 * They are copied as if nothing were there.
 */
export function withoutSharedFiles({ config, layout, steps }: RunContext, mirror: EntryTable): EntryTable {
  const builder = new EntryTableBuilder(false)
  for (const [row, path] of mirror.paths.entries()) {
    if (mirror.kind(row) === 'file') {
      const [copy, original] = [steps.stat(layout.inMirror(path)), steps.stat(`${config.source}/${path}`)]
      if (copy !== undefined && copy.nlink > 1n && copy.ino === original?.ino && copy.dev === original.dev) continue
    }
    builder.add(path, mirror.row(row))
  }
  return new EntryTable(builder.finish())
}

function withFoldersAround(path: string): readonly string[] {
  const paths = [path]
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) paths.push(path.slice(0, end))
  return path === '' ? paths : [...paths, '']
}
