import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeError } from './errors.ts'

/*
 * What the packages use of WebAssembly, typed. Node's types leave it to the DOM's, and those would bring a browser's names along.
 */

declare const moduleBrand: unique symbol

/** A compiled module. Threads each compile their own. */
export interface WasmModule {
  readonly [moduleBrand]: 'WasmModule'
}

/** A linear memory. Its buffer stays the same, as kernels' memories do not grow. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

interface WasmInterface {
  readonly Module: {
    new (bytes: Uint8Array<ArrayBuffer>): WasmModule
    customSections(module: WasmModule, name: string): readonly ArrayBuffer[]
  }
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** Bytes of a page, the unit in which memories are sized. */
export const WASM_PAGE_SIZE = 65_536

const wasm = (globalThis as unknown as { readonly WebAssembly: WasmInterface }).WebAssembly

const kernels = new Map<string, WasmModule>()

/** Memory of at least `size` bytes. */
export function createMemory(size: number): WasmMemory {
  const pages = Math.ceil(size / WASM_PAGE_SIZE)
  return new wasm.Memory({ initial: pages, maximum: pages })
}

/**
 * Compiles a module.
 *
 * @throws Error where the bytes are no valid WebAssembly
 */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  return new wasm.Module(bytes)
}

/** The first custom section of that name; undefined where there is none. */
export function customSection(module: WasmModule, name: string): ArrayBuffer | undefined {
  return wasm.Module.customSections(module, name)[0]
}

/** A module that works in `memory`. Its exports are as its source says: the caller names their type. */
export function instantiate<Exports>(module: WasmModule, memory: WasmMemory): Exports {
  return new wasm.Instance(module, { env: { memory } }).exports as unknown as Exports
}

/**
 * As {@link instantiate}, for a module in a file.
 *
 * @param url - of its file, which is read once a thread
 * @throws Error where the kernel is missing, as in a checkout in which nothing was installed
 */
export function instantiateKernel<Exports>(url: URL, memory: WasmMemory): Exports {
  let module = kernels.get(url.href)
  if (module === undefined) {
    module = loadKernel(url)
    kernels.set(url.href, module)
  }
  return instantiate<Exports>(module, memory)
}

function loadKernel(url: URL): WasmModule {
  try {
    return compileModule(readFileSync(url))
  } catch (cause) {
    throw new Error(
      `the kernel ${fileURLToPath(url)} cannot be loaded: ${describeError(cause)}. In a checkout, 'npm run prepare' makes it.`,
      { cause },
    )
  }
}
