/*
 * What the engine uses of WebAssembly, typed. Node's types leave it to the DOM's, and those would bring a browser's
 * names along.
 */

declare const moduleBrand: unique symbol

/** A compiled module. Threads each compile their own. */
export interface WasmModule {
  readonly [moduleBrand]: 'WasmModule'
}

/** A module's linear memory. Its buffer stays the same as long as the memory does not grow. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** A module together with what it was linked to. */
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

interface WasmInterface {
  readonly Module: {
    new (bytes: Uint8Array<ArrayBuffer>): WasmModule
    customSections(module: WasmModule, name: string): readonly ArrayBuffer[]
  }
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance
}

/** Bytes of a page, the unit in which memories are sized. */
export const WASM_PAGE_SIZE = 65_536

/** The global `WebAssembly`. */
export const wasm = (globalThis as unknown as { readonly WebAssembly: WasmInterface }).WebAssembly
