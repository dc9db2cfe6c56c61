/**
 * Fuzzes the parsers for as long as one likes:
 *
 *     node --conditions=varve-source packages/engine/test/fuzz/fuzz.ts --seconds 600 --seed 7 [--parser tree] [--keep]
 *
 * What is found is printed with its input in base64. With `--keep`, inputs that reach something new go into the corpus, and
 * those that are no longer needed go from it.
 */
import { parseArgs } from 'node:util'
import { readCorpus, replaceCorpus } from './corpus.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { fuzz, withoutRepetitions, type Finding } from './fuzzing.ts'
import { minimize } from './minimize.ts'
import { FUZZ_TARGETS } from './targets/all-targets.ts'

/** What takes long is made smaller as far as there is time. */
const MOST_MS_TO_MINIMIZE = 5000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    parser: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const targets = FUZZ_TARGETS.filter(({ name }) => values.parser === undefined || name === values.parser)
const msEach = (Number(values.seconds) * 1000) / targets.length
if (targets.length === 0 || !(msEach > 0) || !Number.isInteger(seed)) {
  print(`--seconds and --seed take numbers, --parser one of ${FUZZ_TARGETS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

let executions = 0
let findings = 0
for (const target of targets) {
  const end = performance.now() + msEach
  const corpus = readCorpus(target.name)
  const report = await fuzz(target, { seed, corpus, measuresCode: true, isEnough: () => performance.now() > end })
  executions += report.executions
  findings += report.findings.length
  print(
    `${target.name}: ${report.executions} inputs, ${report.code} characters of code, ${report.outcomes} outcomes, ` +
      `${report.kept.length} new, ${report.findings.length} findings, slowest ${report.slowestMs.toFixed(1)} ms`,
  )
  for (const finding of distinct(report.findings)) await show(target, finding)
  if (values.keep) replaceCorpus(target.name, await withoutRepetitions(target, [...corpus, ...report.kept]))
}
print(`${executions} inputs in all with seed ${seed}, ${findings} findings`)
process.exitCode = findings === 0 ? 0 : 1

/** One finding for each kind of failure. */
function distinct(all: readonly Finding[]): readonly Finding[] {
  return [...new Map(all.map((finding) => [kindOf(finding.error), finding])).values()].slice(0, 20)
}

function kindOf(error: unknown): string {
  return String(error)
    .replace(/\d+|'.*'|".*"/gs, '#')
    .slice(0, 60)
}

async function show(target: FuzzTarget, { input, error }: Finding): Promise<void> {
  const end = performance.now() + MOST_MS_TO_MINIMIZE
  const smallest = await minimize(input, async (shorter) => {
    if (performance.now() > end) return false
    try {
      await target.run(shorter)
      return false
    } catch (other) {
      return kindOf(other) === kindOf(error)
    }
  })
  const stack = error instanceof Error ? error.stack : String(error)
  print(`  ${stack?.slice(0, 800)}\n  input: ${Buffer.from(smallest).toString('base64')}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
