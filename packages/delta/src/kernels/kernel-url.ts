/** What is computed in WebAssembly: each a file of AssemblyScript beside this one. */
export type KernelName = 'block-search' | 'blake2b' | 'md4'

/** Where a kernel is loaded from: the same place seen from the sources and from what is compiled of them. */
export function kernelUrl(name: KernelName): URL {
  return new URL(`../../wasm/${name}.wasm`, import.meta.url)
}
