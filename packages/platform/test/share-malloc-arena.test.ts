import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/**
 * Prints how many arenas a process has beside its first one when eight more threads have taken some memory. Each lies at the start of an aligned range
 * of 64 MiB of its own.
 */
const COUNT = `
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { shareMallocArena } from '@varve/platform'
if (process.argv[1] === 'shared') shareMallocArena()
const source = 'process.getBuiltinModule("node:worker_threads").parentPort.postMessage(Buffer.alloc(1000).length)'
const workers = Array.from({ length: 8 }, () => new Worker(source, { eval: true, execArgv: [] }))
await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
const starts = readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-[0-9a-f]+ rw-p .* 0 *$/gm)
console.log([...starts].filter(([, start]) => BigInt('0x' + start) % (1n << 26n) === 0n).length)
process.exit()
`

function arenas(mode: string): number {
  const args = ['--conditions=varve-source', '--input-type=module', '--eval', COUNT, mode]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', cwd: import.meta.dirname }))
}

const hasGlibc = process.platform === 'linux' && readFileSync('/proc/self/maps', 'utf8').includes('libc.so.6')

it.skipIf(!hasGlibc)('threads that start later have no places of their own for native memory', () => {
  expect(arenas('shared')).toBeLessThanOrEqual(arenas('apart') - 4)
})
