/*
 * A run in a process of its own, for tests that kill it or give it to another user: `node --conditions=varve-source run-script.ts JSON`. It prints what the run did as JSON.
 */
import { FileSteps } from '../../src/disk/file-steps.ts'
import { runInParts } from '../../src/run/run-mirror.ts'
import type { ScriptRequest } from './run-process.ts'

const { config, killAt, options } = JSON.parse(process.argv[2] ?? '') as ScriptRequest
let count = 0
const steps = new FileSteps(() => {
  if (++count === killAt) process.kill(process.pid, 'SIGKILL')
})
const onProgress = (): void => void process.stderr.write('.')
const result = await runInParts(config, { ...options, onProgress }, killAt === undefined ? {} : { steps })
process.stdout.write(JSON.stringify(result))
