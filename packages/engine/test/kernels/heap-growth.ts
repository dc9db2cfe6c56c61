import { getHeapStatistics } from 'node:v8'

const ROUNDS = 12

/**
 * Bytes on JavaScript's heap that a call allocates. The least of several rounds: a collection, or code that is being compiled, can only
 * make a round look worse, or so much better that it does not count. Where functions or arrays were replaced to count calls, V8 no longer optimises what met
 * the replacements: measure in a file in which nothing was.
 *
 * @param calls - in a round: few enough that no collection is due in most of them
 */
export function bytesPerCall(work: (call: number) => void, calls: number): number {
  for (let call = 0; call < 20_000; call++) work(call % calls)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = getHeapStatistics().used_heap_size
    for (let call = 0; call < calls; call++) work(call)
    return (getHeapStatistics().used_heap_size - before) / calls
  })
  return Math.min(...rounds.filter((bytes) => bytes >= 0))
}
