import { readFileSync } from 'node:fs'
import { keepMemorySmall } from './keep-memory-small.ts'
import { reportError } from './error-report.ts'
import { runProgram } from './program.ts'
import { printError } from './run-command.ts'
import { Output } from './terminal/output.ts'
import { findWorkingFolder } from './working-folder.ts'

keepMemorySmall()

const { stdout, stderr, env } = process
const output = new Output(stdout, stderr, env['TERM'] === 'dumb')

const exitCode = await run(process.argv.slice(2))
await output.flush()
if (output.failure !== undefined) stderr.write(`Error: cannot write the output: ${output.failure.message}\n`)
// Ends at once instead of waiting for idle threads and handles to be let go.
process.exit(output.failure === undefined ? exitCode : Math.max(1, exitCode))

async function run(args: readonly string[]): Promise<number> {
  try {
    return await runProgram(args, {
      output,
      environment: env,
      workingFolder: await findWorkingFolder(),
      standardInput: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
      version: readVersion(),
    })
  } catch (error) {
    const report = reportError(error)
    printError(report, args.includes('--json'), 0, output)
    return report.exitCode
  }
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) throw new Error('no version')
  return String(manifest.version)
}
