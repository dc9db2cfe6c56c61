import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemErrorCode } from '@varve/platform/errors'
import { wasm } from '../web-assembly.ts'

/*
 * Compiles the kernel to WebAssembly: `node packages/engine/src/chunking/kernels/compile.ts`, from any folder. npm does
 * so in `prepare`.
 */

/** No runtime: the kernel allocates nothing. Its memory is the chunker's. */
const COMPILER_OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--importMemory', '--enable', 'simd,relaxed-simd']

/** Custom section that tells what the kernel was compiled from. */
const ORIGIN_SECTION = 'varve.origin'

/**
 * Compiles `source` to `target` with AssemblyScript, unless `target` was compiled from the same source by the same
 * compiler with the same options already: times are not compared, as packages unpack with made-up ones.
 *
 * @param source - path of the AssemblyScript file
 * @param target - path of the WebAssembly file; its folder is made, and the file appears whole or not at all
 * @returns whether there was something to do
 * @throws Error with the compiler's messages where it fails
 */
export async function compileKernel(source: string, target: string): Promise<boolean> {
  const text = readFileSync(source, 'utf8')
  const origin = createHash('sha256')
    .update([compilerVersion(), ...COMPILER_OPTIONS, text].join('\0'))
    .digest()
  if (originOf(target)?.equals(origin) === true) return false

  const compiled = await compile(source, text)
  mkdirSync(dirname(target), { recursive: true })
  const beside = `${target}.${process.pid}.tmp`
  try {
    writeFileSync(beside, Buffer.concat([compiled, customSection(ORIGIN_SECTION, origin)]))
    renameSync(beside, target)
  } finally {
    rmSync(beside, { force: true })
  }
  return true
}

function compilerVersion(): string {
  const description: unknown = createRequire(import.meta.url)('assemblyscript/package.json')
  return String((description as { readonly version?: unknown }).version)
}

/**
 * What the file at `target` says that it was compiled from; undefined where there is no such file or it says nothing.
 */
function originOf(target: string): Buffer | undefined {
  let bytes: Buffer<ArrayBuffer>
  try {
    bytes = readFileSync(target)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const [section] = wasm.Module.customSections(new wasm.Module(bytes), ORIGIN_SECTION)
    return section === undefined ? undefined : Buffer.from(section)
  } catch {
    // what is not valid WebAssembly is to be made anew
    return undefined
  }
}

async function compile(source: string, text: string): Promise<Uint8Array> {
  // takes a fifth of a second to load, which is for nothing when all is up to date
  const asc = await import('assemblyscript/asc')
  let output: Uint8Array | undefined
  const messages: string[] = []
  const { error } = await asc.main(['rabin.ts', '--outFile', 'rabin.wasm', ...COMPILER_OPTIONS], {
    stdout: { write: () => undefined },
    stderr: { write: (chunk) => void messages.push(String(chunk)) },
    readFile: (name) => (name === 'rabin.ts' ? text : null),
    listFiles: () => [],
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') output = contents
    },
  })
  if (error !== null || output === undefined) {
    throw new Error(
      `${source} does not compile: ${error?.message ?? 'nothing came out'}\n${messages.join('')}`.trimEnd(),
    )
  }
  return output
}

/**
 * A section that WebAssembly ignores: id 0, size, length of the name, name, content. Short enough for sizes of one
 * byte.
 */
function customSection(name: string, content: Uint8Array): Buffer {
  const size = 1 + name.length + content.length
  if (size > 127) throw new Error(`the section ${name} is too long`)
  return Buffer.concat([Buffer.from([0, size, name.length]), Buffer.from(name, 'latin1'), content])
}

if (import.meta.main) {
  const source = fileURLToPath(new URL('rabin.as.ts', import.meta.url))
  const target = fileURLToPath(new URL('../../../wasm/rabin.wasm', import.meta.url))
  try {
    await compileKernel(source, target)
  } catch (error) {
    process.stderr.write(`The chunking kernel cannot be compiled. ${String(error)}\n`)
    process.exitCode = 1
  }
}
