/**
 * Stresses repositories with real commands for as long as one likes:
 *
 *     node --conditions=varve-source packages/engine/test/stress/stress.ts --minutes 60 --seed 7 --processes 3 [--storage sqlite] [--no-restic]
 *         [--steps 40] [--verbose]
 *
 * Runs of `--steps` steps for each process follow one another, each with the next seed; each is printed with its seed. With `--processes 1`, a seed
 * does the same again, but for the moments of kills. What is found is printed, and the repository it was found in stays.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { noRestic } from '../oracle/restic.ts'
import { stress } from './stress-run.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    processes: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    storage: { type: 'string', default: 'directory' },
    steps: { type: 'string', default: '40' },
    restic: { type: 'boolean', default: !noRestic },
    verbose: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const [minutes, seed, processes, steps] = [values.minutes, values.seed, values.processes, values.steps].map(Number)
const { storage } = values
if (!minutes || !Number.isInteger(seed) || !processes || !steps || (storage !== 'directory' && storage !== 'sqlite')) {
  print('--minutes, --seed, --processes and --steps take numbers, --storage directory or sqlite')
  process.exit(2)
}

const end = performance.now() + minutes * 60_000
let operations = 0
let snapshots = 0
let findings = 0
const outcomes = new Map<string, number>()
for (let run = seed ?? 0; performance.now() < end; run++) {
  const report = await stress({
    seed: run,
    processes,
    storage,
    restic: values.restic,
    goesOn: (done) => done < steps && performance.now() < end,
    ...(values.verbose ? { log: print } : {}),
  })
  operations += report.steps
  snapshots += report.verified
  findings += report.findings.length > 0 ? 1 : 0
  for (const [outcome, count] of report.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
  print(`seed ${run}: ${report.steps} commands, ${report.verified} snapshots verified at the end`)
  for (const finding of report.findings) print(`FOUND with seed ${run}: ${finding}`)
}
for (const [outcome, count] of [...outcomes].toSorted(([a], [b]) => (a < b ? -1 : 1))) print(`${count} × ${outcome}`)
print(`${operations} commands, ${snapshots} snapshots verified at the end, ${findings} runs with findings`)
process.exitCode = findings > 0 ? 1 : 0

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
