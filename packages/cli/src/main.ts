import { readFileSync } from 'node:fs'
import { keepHeapSmall } from './keep-heap-small.ts'
import { runProgram } from './program.ts'
import { Output } from './terminal/output.ts'

keepHeapSmall()

const { stdout, stderr, env } = process
const output = new Output(stdout, stderr, env['TERM'] === 'dumb')

const exitCode = await runProgram(process.argv.slice(2), {
  output,
  environment: env,
  workingFolder: process.cwd(),
  standardInput: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
  version: readVersion(),
})
await output.flush()
if (output.failure !== undefined) stderr.write(`Error: cannot write the output: ${output.failure.message}\n`)
// Ends at once instead of waiting for idle threads and handles to be let go.
process.exit(output.failure === undefined ? exitCode : Math.max(1, exitCode))

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) throw new Error('no version')
  return String(manifest.version)
}
