import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { untilAborted } from '../src/until-aborted.ts'

async function* three(): AsyncGenerator<number> {
  yield* [1, 2, 3]
}

async function collect<T>(pieces: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

test('hands on all pieces, and forgets the signal at the end', async () => {
  const { signal } = new AbortController()
  expect(await collect(untilAborted(three(), signal))).toEqual([1, 2, 3])
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('ends when it is aborted, even where the next piece never comes', async () => {
  const controller = new AbortController()
  const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<number>>(() => undefined) }) }
  const reading = collect(untilAborted(never, controller.signal))
  controller.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  await expect(collect(untilAborted(three(), controller.signal))).rejects.toThrow('enough')
})

test('hands on a failure', async () => {
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broken')) }) }
  await expect(collect(untilAborted(failing, new AbortController().signal))).rejects.toThrow('broken')
})
