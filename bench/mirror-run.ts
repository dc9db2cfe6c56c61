/*
 * One run of a mirror, as a process of its own to be measured: `node --conditions=varve-source bench/mirror-run.ts SOURCE DESTINATION tracked|mirrored`. See mirror.ts beside it.
 */
import { runMirror } from '../packages/mirror/src/run/run-mirror.ts'
import { NO_RULES } from '../packages/mirror/src/selection/selection-rules.ts'

const [source = '', destination = '', kind = ''] = process.argv.slice(2)
const rules = kind === 'tracked' ? { ...NO_RULES, trackDirs: ['.'] } : { ...NO_RULES, includeDirs: ['.'] }
const { problems } = await runMirror({ source, destination, rules, maxWorkers: undefined })
for (const { path, message } of problems) process.stderr.write(`${path}: ${message}\n`)
if (problems.length > 0) process.exitCode = 3
