import { describe, expect, test } from 'vitest'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { countWork } from './counted-work.ts'
import { fileNode } from './file-node.ts'

describe('encoding a tree', () => {
  const nodes = Array.from({ length: 2000 }, (_, number) => fileNode(number))
  const { result: tree, did } = countWork(() => encodeTree(nodes))

  test('makes bytes of its text once, and joins them once', () => {
    expect(did('allocate').bytes).toBeLessThanOrEqual(2 * tree.length)
    expect(did('copy').bytes).toBeLessThanOrEqual(2 * tree.length)
    expect(did('text').calls).toBe(0)
  })

  test('makes bytes of 64 KiB of text at a time', () => {
    expect(did('allocate').calls).toBeLessThanOrEqual(tree.length / 65_536 + 2)
  })
})
