import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemErrorCode } from './packages/platform/src/errors.ts'
import { compileModule, customSection } from './packages/platform/src/web-assembly.ts'

/*
 * Compiles all kernels to WebAssembly: `node compile-kernels.ts`, from any folder. npm does so in `prepare`.
 */

/** A source in AssemblyScript, and what is made of it. */
export interface Kernel {
  /** Path of the AssemblyScript file. */
  readonly source: string
  /** Path of the WebAssembly file. */
  readonly target: string
  /** Features of WebAssembly that it needs, as the compiler calls them. */
  readonly features: readonly string[]
}

const KERNELS: readonly Kernel[] = [
  kernel('packages/engine', 'chunking/kernels', 'rabin', ['simd', 'relaxed-simd']),
  kernel('packages/engine', 'repository/kernels', 'scrypt', ['simd']),
  kernel('packages/delta', 'kernels', 'block-search', ['simd']),
  kernel('packages/delta', 'kernels', 'blake2b', ['simd']),
  kernel('packages/delta', 'kernels', 'md4', ['simd']),
]

function kernel(packageFolder: string, folder: string, name: string, features: readonly string[]): Kernel {
  const path = (inside: string): string => fileURLToPath(new URL(`${packageFolder}/${inside}`, import.meta.url))
  return { source: path(`src/${folder}/${name}.as.ts`), target: path(`wasm/${name}.wasm`), features }
}

/** No runtime: kernels allocate nothing. Their memory is the caller's. */
const COMPILER_OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--importMemory']

/** Custom section that tells what a kernel was compiled from. */
const ORIGIN_SECTION = 'varve.origin'

/**
 * Compiles a kernel with AssemblyScript, unless its target was compiled from the same source by the same compiler with the same options already:
 * times are not compared, as packages unpack with made-up ones. The target's folder is made, and the file appears whole or not at all.
 *
 * @returns whether there was something to do
 * @throws Error with the compiler's messages where it fails
 */
export async function compileKernel({ source, target, features }: Kernel): Promise<boolean> {
  const text = readFileSync(source, 'utf8')
  const options = [...COMPILER_OPTIONS, '--enable', features.join(',')]
  const origin = createHash('sha256')
    .update([compilerVersion(), ...options, text].join('\0'))
    .digest()
  if (originOf(target)?.equals(origin) === true) return false

  const compiled = await compile(source, text, options)
  mkdirSync(dirname(target), { recursive: true })
  const beside = `${target}.${process.pid}.tmp`
  try {
    writeFileSync(beside, Buffer.concat([compiled, encodeSection(ORIGIN_SECTION, origin)]))
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
    const section = customSection(compileModule(bytes), ORIGIN_SECTION)
    return section === undefined ? undefined : Buffer.from(section)
  } catch {
    // what is not valid WebAssembly is to be made anew
    return undefined
  }
}

async function compile(source: string, text: string, options: readonly string[]): Promise<Uint8Array> {
  // takes a fifth of a second to load, which is for nothing when all is up to date
  const asc = await import('assemblyscript/asc')
  let output: Uint8Array | undefined
  const messages: string[] = []
  const { error } = await asc.main(['kernel.ts', '--outFile', 'kernel.wasm', ...options], {
    stdout: { write: () => undefined },
    stderr: { write: (chunk) => void messages.push(String(chunk)) },
    readFile: (name) => (name === 'kernel.ts' ? text : null),
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
function encodeSection(name: string, content: Uint8Array): Buffer {
  const size = 1 + name.length + content.length
  if (size > 127) throw new Error(`the section ${name} is too long`)
  return Buffer.concat([Buffer.from([0, size, name.length]), Buffer.from(name, 'latin1'), content])
}

if (import.meta.main) {
  try {
    for (const kernel of KERNELS) await compileKernel(kernel)
  } catch (error) {
    process.stderr.write(`A kernel cannot be compiled. ${String(error)}\n`)
    process.exitCode = 1
  }
}
