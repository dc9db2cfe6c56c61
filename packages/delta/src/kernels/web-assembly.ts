import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeError } from '@varve/platform/errors'
import { kernelUrl, type KernelName } from './kernel-names.ts'

/*
 * What this package uses of WebAssembly, typed. Node's types leave it to the DOM's, and those would bring a browser's names along.
 */

declare const moduleBrand: unique symbol

/** A compiled module. Threads each compile their own. */
interface WasmModule {
  readonly [moduleBrand]: 'WasmModule'
}

/** A linear memory. Its buffer stays the same, as kernels' memories do not grow. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

interface WasmInterface {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** Bytes of a page, the unit in which memories are sized. */
const PAGE_SIZE = 65_536

const wasm = (globalThis as unknown as { readonly WebAssembly: WasmInterface }).WebAssembly

const modules = new Map<KernelName, WasmModule>()

/** Memory of at least `size` bytes. */
export function createMemory(size: number): WasmMemory {
  const pages = Math.ceil(size / PAGE_SIZE)
  return new wasm.Memory({ initial: pages, maximum: pages })
}

/**
 * A kernel that works in `memory`. Its exports are as its source says: the caller names their type.
 *
 * @throws Error where the kernel is missing, as in a checkout in which nothing was installed
 */
export function instantiate<Exports>(name: KernelName, memory: WasmMemory): Exports {
  let module = modules.get(name)
  if (module === undefined) {
    module = new wasm.Module(kernelBytes(name))
    modules.set(name, module)
  }
  return new wasm.Instance(module, { env: { memory } }).exports as unknown as Exports
}

function kernelBytes(name: KernelName): Uint8Array<ArrayBuffer> {
  const url = kernelUrl(name)
  try {
    return readFileSync(url)
  } catch (cause) {
    throw new Error(
      `the kernel ${fileURLToPath(url)} cannot be loaded: ${describeError(cause)}. In a checkout, 'npm run prepare' makes it.`,
      { cause },
    )
  }
}
