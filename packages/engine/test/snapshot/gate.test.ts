import { expect, test } from 'vitest'
import { Gate } from '../../src/snapshot/gate.ts'

test('everybody who waits goes on when it opens, and waits anew the next time', async () => {
  const gate = new Gate()
  const passed: string[] = []
  const loop = async (name: string): Promise<void> => {
    await gate.wait()
    passed.push(`${name} once`)
    await gate.wait()
    passed.push(`${name} twice`)
  }
  const loops = Promise.all([loop('a'), loop('b')])
  gate.open()
  await new Promise(setImmediate)
  expect(passed).toEqual(['a once', 'b once'])
  gate.open()
  await loops
  expect(passed).toEqual(['a once', 'b once', 'a twice', 'b twice'])
})

test('the first failure reaches who waits, and everybody later', async () => {
  const gate = new Gate()
  const waiting = gate.wait()
  const first = new Error('first')
  gate.fail(first)
  gate.fail(new Error('second'))
  await expect(waiting).rejects.toBe(first)
  await expect(gate.wait()).rejects.toBe(first)
  expect(() => gate.throwIfFailed()).toThrow(first)
})

test('work that ends first gives its result, and a failure that comes first ends the wait for it', async () => {
  const gate = new Gate()
  expect(await gate.orFailure(Promise.resolve('done'))).toBe('done')
  await expect(gate.orFailure(Promise.reject(new Error('its own')))).rejects.toThrow('its own')
  const endless = gate.orFailure(new Promise(() => undefined))
  gate.open()
  gate.fail(new Error('elsewhere'))
  await expect(endless).rejects.toThrow('elsewhere')
})
