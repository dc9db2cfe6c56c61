import { describe, expect, test } from 'vitest'
import { VarveError } from '@varve/platform/errors'
import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { decodeTree } from '../../src/repository/tree-decoding.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { aNode } from './a-node.ts'

const TREE = idOf(Buffer.from('tree'))
const A = idOf(Buffer.from('a'))
const ZERO = '0001-01-01T00:00:00Z'

function decode(json: string): readonly Node[] {
  return decodeTree(Buffer.from(json), TREE).nodes
}

/** The only entry of a tree whose node has these fields. */
function decodeOne(fields: string): Node | undefined {
  const nodes = decode(`{"nodes":[{"name":"a","type":"file",${fields}}]}`)
  expect(nodes).toHaveLength(1)
  return nodes[0]
}

const DAMAGED = expect.objectContaining({
  code: 'ERR_VARVE_DAMAGED',
  message: expect.stringContaining(TREE) as unknown,
}) as Error

describe('tolerance', () => {
  test('what is missing or null has its zero value', () => {
    const zero = { ...aNode({ name: 'a' }), mtime: ZERO, atime: ZERO, ctime: ZERO }
    expect(decode('{"nodes":[{"name":"a","type":"file"}]}')).toEqual([zero])
    const fields = [
      'mode',
      'mtime',
      'atime',
      'ctime',
      'uid',
      'gid',
      'user',
      'group',
      'inode',
      'device_id',
      'size',
      'links',
      'linktarget',
    ]
    const others = [
      'linktarget_raw',
      'extended_attributes',
      'generic_attributes',
      'device',
      'content',
      'subtree',
      'error',
    ]
    expect(decodeOne([...fields, ...others].map((field) => `"${field}":null`).join(','))).toEqual(zero)
  })

  test('unknown fields, any order and white space', () => {
    const json = ` {\n"version": [1, {"nodes": "x"}, "]"],\t"nodes": [ {
      "uid" : 5 , "later" : {"a":[1.5e3,true,false,null,"\\u0041"]}, "type":"dir", "Name": "b", "name" : "a\\u00e9" } ] , "more":{} }\r\n`
    expect(decode(json)).toEqual([expect.objectContaining({ name: 'a\u00e9', type: 'dir', uid: 5 })])
  })

  test('no entries', () => {
    expect(decode('{"nodes":[]}\n')).toEqual([])
    expect(decode('{"nodes":null}\n')).toEqual([])
  })

  test('the order is what it is, and so are entries that are there twice', () => {
    const json = '{"nodes":[{"name":"b","type":"file"},{"name":"a","type":"file"},{"name":"b","type":"dir"}]}'
    expect(decode(json).map((node) => node.name)).toEqual(['b', 'a', 'b'])
  })

  test('of fields that are there twice, the last counts', () => {
    expect(decodeOne('"uid":1,"uid":2,"uid":null')?.uid).toBe(2)
  })

  test('a tree of rustic', () => {
    const json =
      '{"nodes":[{"name":"l","type":"symlink","linktarget":"<&>","mode":511,"mtime":"2024-05-01T10:00:00.5+00:00","uid":0,' +
      '"gid":0,"inode":7,"links":1,"extended_attributes":[{"name":"user.x","value":null}],"content":null},' +
      '{"name":"z","type":"chardev","content":null}]}'
    expect(decode(json)).toEqual([
      expect.objectContaining({
        linkTarget: '<&>',
        mtime: '2024-05-01T10:00:00.5+00:00',
        atime: ZERO,
        extendedAttributes: [{ name: 'user.x', value: null }],
      }),
      expect.objectContaining({ name: 'z', type: 'chardev', device: 0n }),
    ])
  })
})

describe('names', () => {
  test.each([
    ['a\\\\nb', 'a\nb'],
    ['\\\\xff', '\udcff'],
    ['\\\\xc3\\\\xa9', '\u00e9'],
    ['\\\\u00a0', '\u00a0'],
    ['\\\\U0001fae9', '\u{1fae9}'],
    ['\\u003c', '<'],
    ['\\\\\\"', '"'],
    ['\\\\\\\\', '\\'],
    ['...', '...'],
    // A lone surrogate is not a byte in disguise.
    ['\\udc80', '\ufffd'],
  ])('%s', (json, name) => {
    expect(decode(`{"nodes":[{"name":"${json}","type":"file"}]}`)[0]?.name).toBe(name)
  })

  test('a raw byte in JSON is not a raw byte of the name', () => {
    const bytes = Buffer.from('{"nodes":[{"name":"a\xff","type":"file"}]}', 'latin1')
    expect(decodeTree(bytes, TREE).nodes[0]?.name).toBe('a\ufffd')
  })

  const dangerous = [
    '',
    '.',
    '..',
    '/',
    'a/b',
    '../a',
    '/etc/passwd',
    '\\u0000',
    'a\\u0000',
    '\\u002e\\u002e',
    '\\\\x2e.',
    '\\\\x2f',
    '\\\\056.',
    '\\\\000',
  ]
  test.each(dangerous)('%j is no name of an entry', (name) => {
    expect(() => decode(`{"nodes":[{"name":"${name}","type":"file"}]}`)).toThrow(DAMAGED)
  })

  test.each(['\\\\', '\\\\q', '\\\\ud800', 'a\\"b', 'a\\nb', "\\\\'"])('%j is not quoted as Go quotes', (name) => {
    expect(() => decode(`{"nodes":[{"name":"${name}","type":"file"}]}`)).toThrow(DAMAGED)
  })
})

test('numbers of 64 bits are exact', () => {
  const node = decodeOne(
    '"inode":18446744073709551615,"device_id":9007199254740993,"size":9223372036854775808,"links":1,"device":4294967296',
  )
  expect(node).toMatchObject({
    inode: 18_446_744_073_709_551_615n,
    deviceId: 9_007_199_254_740_993n,
    size: 9_223_372_036_854_775_808n,
    links: 1n,
    device: 4_294_967_296n,
  })
})

test('the bytes of a link win over its text', () => {
  expect(decodeOne('"linktarget":"x\\ufffd","linktarget_raw":"eP8="')?.linkTarget).toBe('x\udcff')
})

test('generic attributes keep their text', () => {
  expect(decodeOne('"generic_attributes":{"a": {"x" : 1.0} ,"b":"\\u00e9"}')?.genericAttributes).toEqual(
    new Map([
      ['a', '{"x" : 1.0}'],
      ['b', '"\\u00e9"'],
    ]),
  )
})

describe('damage is found', () => {
  test.each([
    '',
    '\n',
    'null',
    '[]',
    '{}',
    '{"nodes":{}}',
    '{"nodes":[1]}',
    '{"nodes":[null]}',
    '{"nodes":["a"]}',
    '{"nodes":[[]]}',
    '{"nodes":[{}]}',
    '{"nodes":[{"type":"file"}]}',
    '{"nodes":[{"name":"a"}]}',
    '{"nodes":[{"name":"a","type":"file"}]}x',
    '{"nodes":[{"name":"a","type":"file"}]}{"nodes":[]}',
    '{"nodes":[{"name":"a","type":"file"},]}',
    '{"nodes":[{"name":"a","type":"file"}{"name":"b","type":"file"}]}',
    '\u0000{"nodes":[]}',
    '\ufeff{"nodes":[]}',
  ])('%j', (json) => {
    expect(() => decode(json)).toThrow(DAMAGED)
  })

  test.each([
    '"type":"unknown"',
    '"type":1',
    '"type":""',
    '"name":1',
    '"name":["a"]',
    '"mode":-1',
    '"mode":4294967296',
    '"mode":"1"',
    '"mode":1.5',
    '"uid":4294967296',
    '"gid":1e3',
    '"size":18446744073709551616',
    '"inode":-1',
    '"links":1.0',
    '"device":true',
    '"size":01',
    '"mtime":"yesterday"',
    '"mtime":1',
    '"ctime":""',
    '"atime":"2021-02-29T00:00:00Z"',
    '"user":1',
    '"group":{}',
    '"linktarget":[]',
    '"error":false',
    '"linktarget_raw":"*"',
    '"linktarget_raw":"AQ"',
    '"linktarget_raw":"-_=="',
    '"linktarget_raw":[1]',
    '"content":{}',
    '"content":[1]',
    '"content":[null]',
    `"content":["${A.slice(1)}"]`,
    `"content":["${A}0"]`,
    `"content":["${A.toUpperCase()}"]`,
    `"subtree":"${A.slice(0, 63)}g"`,
    '"subtree":1',
    `"subtree":"${A.slice(0, 62)}\\n"`,
    '"extended_attributes":{}',
    '"extended_attributes":[1]',
    '"extended_attributes":[{"name":1}]',
    '"extended_attributes":[{"value":"*"}]',
    '"generic_attributes":[]',
    '"generic_attributes":{"a":}',
    '"x":tru',
    '"x":',
    '"x":"',
    'x',
  ])('%s', (fields) => {
    expect(() => decodeOne(fields)).toThrow(DAMAGED)
  })

  test.each(['[', '{"a":', '[{"a":'])('nesting: %s', (open) => {
    expect(() => decodeOne(`"x":${open.repeat(1_000_000)}`)).toThrow(DAMAGED)
    expect(() => decodeOne(`"generic_attributes":{"x":${open.repeat(1_000_000)}`)).toThrow(DAMAGED)
    expect(() => decode(open.repeat(1_000_000))).toThrow(DAMAGED)
  })

  test('a tree cut off anywhere', () => {
    const bytes = encodeTree([
      aNode({ name: 'a\udcff', content: [A], user: 'u', size: 5n }),
      aNode({
        name: 'b',
        type: 'symlink',
        linkTarget: '\udcff',
        extendedAttributes: [{ name: 'x', value: Buffer.from('y') }],
      }),
    ])
    for (let length = 0; length < bytes.length - 1; length++) {
      expect(() => decodeTree(bytes.subarray(0, length), TREE)).toThrow(DAMAGED)
    }
    expect(decodeTree(bytes.subarray(0, -1), TREE).nodes).toHaveLength(2)
  })

  test('long texts of every kind do no harm', () => {
    const long = 3_000_000
    expect(decodeOne(`"x":${'1'.repeat(long)}`)?.name).toBe('a')
    expect(decodeOne(`"error":"${'\\n'.repeat(long)}"`)?.error).toHaveLength(long)
    expect(decodeOne(`"linktarget_raw":"${'QUJD'.repeat(long)}"`)?.linkTarget).toHaveLength(3 * long)
    expect(decodeOne(`"mtime":"2020-01-01T00:00:00.${'1'.repeat(long)}Z"`)?.mtime).toHaveLength(long + 21)
    expect(decode(`{"nodes":[{"type":"file","name":"${'\\\\n'.repeat(1_000_000)}"}]}`)[0]?.name).toHaveLength(1_000_000)
    expect(() => decodeOne(`"size":${'1'.repeat(long)}`)).toThrow(DAMAGED)
    expect(() => decodeOne(`"x":1${'.1'.repeat(long)}`)).toThrow(DAMAGED)
  })

  test('an error tells what and where', () => {
    const error = (() => {
      try {
        return decode('{"nodes":[{"name":"a","mode":"x"}]}')
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toBeInstanceOf(VarveError)
    expect(error).toMatchObject({
      message: `tree ${TREE} is damaged: a number that is not negative expected at byte 29`,
    })
  })
})
