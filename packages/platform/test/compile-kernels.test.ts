import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compileKernel, type Kernel } from '../../../compile-kernels.ts'
import { compileModule, createMemory, instantiate } from '../src/web-assembly.ts'

const SOURCE = 'export function answer(): i32 { return 42 }\n'

let folder: string
let source: string
let target: string
let kernel: Kernel

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'varve-compile-'))
  source = join(folder, 'kernel.as.ts')
  target = join(folder, 'made', 'kernel.wasm')
  kernel = { source, target, features: ['simd'] }
  await writeFile(source, SOURCE)
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function answer(): Promise<unknown> {
  const module = compileModule(new Uint8Array(await readFile(target)))
  return instantiate<{ readonly answer: () => number }>(module, createMemory(1)).answer()
}

describe('compileKernel', () => {
  it('compiles, then leaves what is up to date alone whatever its times, then compiles what has changed', async () => {
    expect(await compileKernel(kernel)).toBe(true)
    expect(await answer()).toBe(42)
    expect(await readdir(join(folder, 'made'))).toEqual(['kernel.wasm'])

    await utimes(target, 1, 1)
    expect(await compileKernel(kernel)).toBe(false)
    expect((await stat(target)).mtimeMs).toBe(1000)

    await writeFile(source, SOURCE.replace('42', '43'))
    await utimes(source, 0, 0)
    expect(await compileKernel(kernel)).toBe(true)
    expect(await answer()).toBe(43)
  })

  it('compiles anew what is damaged', async () => {
    await compileKernel(kernel)
    for (const damaged of [Buffer.alloc(0), Buffer.from('no wasm'), (await readFile(target)).subarray(0, -3)]) {
      await writeFile(target, damaged)
      expect(await compileKernel(kernel)).toBe(true)
      expect(await answer()).toBe(42)
    }
  })

  it('says what is wrong with a source that does not compile, and leaves what was there', async () => {
    await compileKernel(kernel)
    await writeFile(source, 'export function answer(): i32 { return nothing }\n')
    await expect(compileKernel(kernel)).rejects.toThrow(/kernel\.as\.ts does not compile[^]*nothing/)
    expect(await answer()).toBe(42)
    expect(await readdir(join(folder, 'made'))).toEqual(['kernel.wasm'])
  })

  it('says so when there is no source', async () => {
    await expect(compileKernel({ ...kernel, source: join(folder, 'absent.as.ts') })).rejects.toThrow(
      /ENOENT.*absent\.as\.ts/,
    )
  })
})

it('runs from any folder', async () => {
  const script = fileURLToPath(new URL('../../../compile-kernels.ts', import.meta.url))
  const { stderr } = await promisify(execFile)(process.execPath, [script], { cwd: folder })
  expect(stderr).toBe('')
})
