/** How many words of some shared memory were read. */
export interface Reads {
  words: number
}

/**
 * Does `attach`, in which views of `memory` are made, so that each word that is later read through these views counts.
 * Nothing may be written to them.
 */
export function countReads<Reader>(memory: ReadonlySet<SharedArrayBuffer>, attach: () => Reader): [Reader, Reads] {
  const reads: Reads = { words: 0 }
  const original = Uint32Array
  const counting = new Proxy(original, {
    construct: (target, args, made) => {
      const view = Reflect.construct(target, args, made) as Uint32Array<SharedArrayBuffer>
      return memory.has(view.buffer) ? countingView(view, reads) : view
    },
  })
  Object.assign(globalThis, { Uint32Array: counting })
  try {
    return [attach(), reads]
  } finally {
    Object.assign(globalThis, { Uint32Array: original })
  }
}

function countingView(view: Uint32Array, reads: Reads): Uint32Array {
  return new Proxy(view, {
    get: (target, name) => {
      if (typeof name === 'string' && /^\d+$/.test(name)) reads.words++
      return Reflect.get(target, name, target)
    },
  })
}
