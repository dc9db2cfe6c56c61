/** What is computed in WebAssembly: each a file of AssemblyScript beside this one. */
export const KERNELS = ['block-search', 'blake2b', 'md4'] as const

/** One of {@link KERNELS}. */
export type KernelName = (typeof KERNELS)[number]

/** Where a kernel is loaded from: the same place seen from the sources and from what is compiled of them. */
export function kernelUrl(name: KernelName): URL {
  return new URL(`../../wasm/${name}.wasm`, import.meta.url)
}
