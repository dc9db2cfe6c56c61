import { parentPort, workerData } from 'node:worker_threads'
import { currentPlatform } from '@varve/platform'
import { compileRules } from './rules/rules.ts'
import type { WalkWorkerData } from './walk-ahead.ts'
import { WalkBatchWriter } from './walk-batch.ts'
import { Walk, type WalkStep } from './walk.ts'

/** Steps of a batch. */
const BATCH = 512
/** Batches that may wait to be taken: what bounds the memory that they hold. */
const MOST_BATCHES = 12

const { sources, rules, sourcePaths, ownPaths, separator, taken: shared } = workerData as WalkWorkerData
if (parentPort === null) throw new Error('a worker module was imported outside a worker thread')
const port = parentPort
const taken = new Int32Array(shared)

/** Problems that rules told of, which come before the step that they were found on the way to. */
const problems: WalkStep[] = []
const walk = new Walk({
  sources,
  separator,
  attributes: currentPlatform().extendedAttributes,
  rules: compileRules(rules, {
    sources: sourcePaths,
    ownPaths,
    onWarning: ({ path, message }) => problems.push({ kind: 'problem', path, message }),
  }),
})

/** Paths of the folders that the walk is in. */
const folders: string[] = ['']
let batch = new WalkBatchWriter(BATCH, separator)
let sent = 0

function add(step: WalkStep): void {
  if (batch.isFull) send()
  batch.add(step, folders.at(-1) ?? '')
  if (step.kind === 'folder' || step.kind === 'leading') folders.push(step.path)
  else if (step.kind === 'leave') folders.pop()
}

function send(): void {
  const finished = batch.finish()
  port.postMessage(finished, [finished.kinds.buffer, finished.words.buffer])
  batch = new WalkBatchWriter(BATCH, separator)
  sent++
  for (let before = Atomics.load(taken, 0); sent - before >= MOST_BATCHES; before = Atomics.load(taken, 0)) {
    Atomics.wait(taken, 0, before)
  }
}

for (let step = walk.next(); step !== undefined; step = walk.next()) {
  if (problems.length > 0) for (const problem of problems.splice(0)) add(problem)
  add(step)
}
for (const problem of problems) add(problem)
send()
port.postMessage(null, [])
