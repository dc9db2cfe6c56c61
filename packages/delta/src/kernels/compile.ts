import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'
import { KERNELS, kernelUrl, type KernelName } from './kernel-names.ts'

/*
 * Compiles the kernels to WebAssembly: `node packages/delta/src/kernels/compile.ts`, from any folder. npm does so in `prepare`.
 */

/** No runtime: kernels allocate nothing. Their memory is the caller's. */
const COMPILER_OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--importMemory', '--enable', 'simd']

/** The WebAssembly of a kernel. Throws an Error with the compiler's messages where its source is wrong. */
export async function compiledKernel(name: KernelName): Promise<Uint8Array> {
  const text = readFileSync(new URL(`${name}.as.ts`, import.meta.url), 'utf8')
  let output: Uint8Array | undefined
  const messages: string[] = []
  const { error } = await main(['kernel.ts', '--outFile', 'kernel.wasm', ...COMPILER_OPTIONS], {
    stdout: { write: () => undefined },
    stderr: { write: (chunk) => void messages.push(String(chunk)) },
    readFile: (file) => (file === 'kernel.ts' ? text : null),
    listFiles: () => [],
    writeFile: (_file, contents) => {
      if (typeof contents !== 'string') output = contents
    },
  })
  if (error === null && output !== undefined) return output
  throw new Error(
    `the kernel ${name} does not compile: ${error?.message ?? 'nothing came out'}\n${messages.join('')}`.trimEnd(),
  )
}

/** Puts a kernel where it is loaded from, whole or not at all. */
async function compileKernel(name: KernelName): Promise<void> {
  const compiled = await compiledKernel(name)
  const target = fileURLToPath(kernelUrl(name))
  mkdirSync(fileURLToPath(new URL('.', kernelUrl(name))), { recursive: true })
  const beside = `${target}.${process.pid}.tmp`
  try {
    writeFileSync(beside, compiled)
    renameSync(beside, target)
  } finally {
    rmSync(beside, { force: true })
  }
}

if (import.meta.main) {
  for (const name of KERNELS) await compileKernel(name)
}
