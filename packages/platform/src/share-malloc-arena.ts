import { loadNodeFfi } from './node-ffi.ts'

/** Number of the parameter in malloc.h of glibc: how many arenas there may be. */
const M_ARENA_MAX = -8

/**
 * Has all threads of this process take native memory from one place (mallopt(3) of glibc). Otherwise each has its own, and keeps what it has freed
 * although others need some. Threads that are there already keep theirs; does nothing on systems without glibc.
 */
export function shareMallocArena(): void {
  if (process.platform !== 'linux') return
  try {
    const ffi = loadNodeFfi()
    const library = ffi?.dlopen('libc.so.6', { mallopt: { return: 'int32', arguments: ['int32', 'int32'] } })
    library?.functions.mallopt(M_ARENA_MAX, 1)
  } catch {
    // Another C library: it does without such advice.
  }
}
