import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { idOf } from '../../src/repository/id.ts'
import { decodeTree } from '../../src/repository/tree-decoding.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { anyNodes } from './any-node.ts'

const TREE = idOf(Buffer.from('tree'))

/**
 * Decodes, and encodes again what could be decoded.
 * @returns what was thrown, unless it is the one error that may be
 */
function failureOf(bytes: Uint8Array): unknown {
  try {
    const { nodes } = decodeTree(bytes, TREE)
    for (const node of nodes) encodeTree([node])
    return undefined
  } catch (error) {
    return isVarveError(error, 'ERR_VARVE_DAMAGED') ? undefined : error
  }
}

describe('hostile trees', () => {
  test('bytes changed, removed and put in anywhere', () => {
    const piece = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 3 }),
      fc
        .constantFrom(
          '"',
          '\\',
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          'null',
          '\\ud800',
          '\\\\xff',
          '-',
          '.',
          'e9',
          '\n',
          '"nodes":',
          '99999999999999999999',
        )
        .map((text) => Buffer.from(text)),
    )
    const change = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: piece })
    fc.assert(
      fc.property(anyNodes, fc.array(change, { minLength: 1, maxLength: 4 }), (nodes, changes) => {
        let bytes: Buffer = encodeTree(nodes)
        for (const { at, remove, insert } of changes) {
          const position = at % bytes.length
          bytes = Buffer.concat([bytes.subarray(0, position), insert, bytes.subarray(position + remove)])
        }
        expect(failureOf(bytes)).toBeUndefined()
      }),
      { numRuns: 3000 },
    )
  })

  test('any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.json(), (bytes, json) => {
        const inTree = [json, `{"name":"a","type":"file","extended_attributes":${json},"generic_attributes":${json}}`]
        const documents = [json, ...inTree.map((node) => `{"nodes":[${node}]}`)].map((text) => Buffer.from(text))
        for (const document of [bytes, ...documents]) expect(failureOf(document)).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})
