import { lstatSync, type BigIntStats } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { systemErrorCode } from '@varve/platform/errors'
import { currentPlatform } from '@varve/platform'
import { toFsPath } from '@varve/platform/file-name'
import type { Estimate, EstimateWorkerData } from './estimate.ts'
import { compileRules } from './rules/rules.ts'
import { arrangeSources, readFolder, type SourceTree } from './source-tree.ts'

const { sources, rules: options, ownPaths } = workerData as EstimateWorkerData
const platform = currentPlatform()
const rules = compileRules(options, { sources, ownPaths })

let files = 0
let bytes = 0

function visit(path: string, explicit: boolean): void {
  if (!explicit && rules.excludesPath(path)) return
  const stats = ifReadable(() => lstatSync(toFsPath(path), { bigint: true }))
  if (stats === undefined || rules.excludes(path, stats, explicit)) return
  if (stats.isFile()) {
    files++
    bytes += Number(stats.size)
  } else if (stats.isDirectory()) visitEntries(path, stats)
}

function visitEntries(path: string, stats: BigIntStats): void {
  const names = ifReadable(() => readFolder(path))
  if (names === undefined) return
  const folder = path.endsWith(platform.separator) ? path : path + platform.separator
  for (const name of rules.enterFolder(path, names, stats)) visit(folder + name, false)
  rules.leaveFolder(path)
}

function visitSources(tree: SourceTree): void {
  if (tree.path !== undefined) visit(tree.path, tree.explicit)
  for (const child of tree.children.values()) visitSources(child)
}

/** What cannot be read does not count; the snapshot itself says what it was. */
function ifReadable<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}

visitSources(arrangeSources(sources, platform))
const estimate: Estimate = { files, bytes }
parentPort?.postMessage(estimate, [])
