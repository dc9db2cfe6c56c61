import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRepository, MemoryStorage, snapshot } from '@varve/engine'
import { exportSnapshot } from '../../src/repository/export-snapshot.ts'
import { importMirror } from '../../src/repository/import-mirror.ts'
import { runMirror } from '../../src/run/run-mirror.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'

/*
 * Run by an account without rights, in a folder of its own: makes a mirror of a snapshot with a source that is closed to writing, runs it, and imports it when nothing there may be written.
 * Tells what came of it as JSON.
 */

const folder = process.argv[2] ?? ''
const [source, destination] = [join(folder, 'source'), join(folder, 'destination')]
const quietly = { workers: 1, noLock: true }

mkdirSync(join(source, 'inner'), { recursive: true })
writeFileSync(join(source, 'readable'), 'content', { mode: 0o444 })
writeFileSync(join(source, 'inner/file'), 'inner')
chmodSync(join(source, 'inner'), 0o555)
chmodSync(source, 0o555)

const repository = await createRepository({ storage: new MemoryStorage(), password: 'x', kdf: { N: 2, r: 8, p: 1 } })
const { snapshot: made } = await snapshot(repository, { ...quietly, paths: [source] })
if (made === undefined) throw new Error('no snapshot was made')
const exported = await exportSnapshot(repository, made.id, destination, quietly)
const left = readdirSync(join(destination, '.varve-mirror')).toSorted()
const run = await runMirror({ source, destination, rules: { ...NO_RULES, trackDirs: ['.'] }, maxWorkers: 1 })

for (const path of ['.varve-mirror', '.']) chmodSync(join(destination, path), 0o555)
const imported = await importMirror(repository, destination, quietly)

process.stdout.write(
  JSON.stringify({
    exported: [exported.entries, exported.problems],
    left,
    run: [run.bytesCopied, run.problems],
    imported: [imported.imported.map(({ name }) => name), imported.problems, run.increment],
  }),
)
