import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FileMode } from '../../src/repository/file-mode.ts'
import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { encodeTree, TreeEncoder } from '../../src/repository/tree-encoding.ts'
import { decodeTree } from '../../src/repository/tree-decoding.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'
import { aNode } from './a-node.ts'
import { anyNodes } from './any-node.ts'

const A = idOf(Buffer.from('a'))
const B = idOf(Buffer.from('b'))
const NEW_YORK = parseTimestamp('2023-11-14T17:13:20.12-05:00')
const TIMES = '"mtime":"2023-11-14T22:13:20Z","atime":"2023-11-14T22:13:20Z","ctime":"2023-11-14T22:13:20Z"'

/** The JSON of a node, alone in a tree. */
function encoded(node: Node): string {
  const json = encodeTree([node]).toString('utf8')
  expect(json.startsWith('{"nodes":[') && json.endsWith(']}\n')).toBe(true)
  return json.slice('{"nodes":['.length, -']}\n'.length)
}

// The expected texts come from restic's own code (0.19), given the same entries.
describe('an entry is written as restic writes it', () => {
  test('a file with all that is hard', () => {
    const node = aNode({
      name: '\n<&>"\\\udcff\u00a0\u200b\u2028\ue000\u{1f600}\u{1fae9}',
      mode: 0o644,
      mtime: NEW_YORK,
      atime: NEW_YORK,
      uid: 1000,
      gid: 100,
      user: "o'<x>",
      group: 'g\x01\b\f\x7f',
      inode: 18_446_744_073_709_551_615n,
      deviceId: 9_007_199_254_740_993n,
      size: 1n,
      links: 2n,
      extendedAttributes: [
        { name: 'user.a', value: Buffer.from([0, 255]) },
        { name: 'user.empty', value: Buffer.alloc(0) },
        { name: 'user.nil', value: null },
        { name: 'user.\udcff<', value: Buffer.from('x') },
      ],
      content: [A, B],
    })
    expect(encoded(node)).toBe(
      '{"name":"' +
        String.raw`\\n\u003c\u0026\u003e\\\"\\\\\\xff\\u00a0\\u200b\\u2028\\ue000` +
        '\u{1f600}' +
        String.raw`\\U0001fae9","type":"file","mode":420,"mtime":"2023-11-14T17:13:20.12-05:00",` +
        '"atime":"2023-11-14T17:13:20.12-05:00","ctime":"2023-11-14T22:13:20Z","uid":1000,"gid":100,' +
        String.raw`"user":"o'\u003cx\u003e","group":"g\u0001\b\f` +
        '\x7f","inode":18446744073709551615,"device_id":9007199254740993,"size":1,"links":2,' +
        '"extended_attributes":[{"name":"user.a","value":"AP8="},{"name":"user.empty","value":""},' +
        String.raw`{"name":"user.nil","value":null},{"name":"user.\ufffd\u003c","value":"eA=="}],` +
        `"content":["${A}","${B}"]}`,
    )
  })

  test('an empty file, with what Windows keeps', () => {
    const genericAttributes = new Map([
      ['windows.file_attributes', ' 32 '],
      ['windows.creation_time', '"a <b> \\u00e9\u00e9\u2028"'],
      ['a', '{ "z" : [ 1 , 2.50 ] }'],
    ])
    expect(encoded(aNode({ name: 'attributes', genericAttributes, content: [] }))).toBe(
      `{"name":"attributes","type":"file",${TIMES},"uid":0,"gid":0,` +
        '"generic_attributes":{"a":{"z":[1,2.50]},"windows.creation_time":"a ' +
        String.raw`\u003cb\u003e \u00e9` +
        '\u00e9' +
        String.raw`\u2028","windows.file_attributes":32},"content":[]}`,
    )
  })

  test('a link to bytes that are not UTF-8', () => {
    const mode = FileMode.symlink + 0o777
    const linkTarget = '../\udcff\u00e9<\udced\udca0\udc80'
    expect(encoded(aNode({ name: 'broken', type: 'symlink', mode, linkTarget }))).toBe(
      `{"name":"broken","type":"symlink","mode":134218239,${TIMES},"uid":0,"gid":0,"linktarget":"../\\ufffd` +
        '\u00e9' +
        String.raw`\u003c\ufffd\ufffd\ufffd","linktarget_raw":"Li4v/8OpPO2ggA==","content":null}`,
    )
  })

  test('a link', () => {
    const mode = FileMode.symlink + 0o777
    expect(encoded(aNode({ name: 'link', type: 'symlink', mode, linkTarget: 't\u00e4st & more', links: 1n }))).toBe(
      `{"name":"link","type":"symlink","mode":134218239,${TIMES},"uid":0,"gid":0,"links":1,` +
        '"linktarget":"t\u00e4st \\u0026 more","content":null}',
    )
  })

  test('a device', () => {
    const mode = FileMode.device + FileMode.charDevice + 0o600
    expect(encoded(aNode({ name: 'device', type: 'chardev', mode, device: 259n, links: 1n }))).toBe(
      `{"name":"device","type":"chardev","mode":69206400,${TIMES},"uid":0,"gid":0,"links":1,"device":259,"content":null}`,
    )
  })

  test('a folder', () => {
    const node = aNode({
      name: 'folder',
      type: 'dir',
      mode: FileMode.dir + FileMode.sticky + FileMode.setgid + 0o755,
      mtime: parseTimestamp('1969-12-31T23:59:59.000000001Z'),
      atime: parseTimestamp('0001-01-01T00:00:00Z'),
      ctime: parseTimestamp('9999-01-01T00:00:00.000000005Z'),
      subtree: A,
      error: 'some <error>',
    })
    expect(encoded(node)).toBe(
      '{"name":"folder","type":"dir","mode":2152727021,"mtime":"1969-12-31T23:59:59.000000001Z",' +
        '"atime":"0001-01-01T00:00:00Z","ctime":"9999-01-01T00:00:00.000000005Z","uid":0,"gid":0,"content":null,' +
        `"subtree":"${A}","error":"some \\u003cerror\\u003e"}`,
    )
  })

  test('a pipe', () => {
    expect(encoded(aNode({ name: 'pipe', type: 'fifo', mode: FileMode.namedPipe + 0o600 }))).toBe(
      `{"name":"pipe","type":"fifo","mode":33554816,${TIMES},"uid":0,"gid":0,"content":null}`,
    )
  })

  test('times that another client wrote in its own way', () => {
    const mtime = parseTimestamp('2023-11-14T22:13:20.500+00:00')
    expect(encoded(aNode({ name: 'a', mtime }))).toContain('"mtime":"2023-11-14T22:13:20.5Z"')
  })
})

describe('a tree', () => {
  test('without entries', () => {
    expect(encodeTree([]).toString()).toBe('{"nodes":[]}\n')
  })

  test('has its entries in the order of their bytes', () => {
    const nodes = ['\uff5e', '\u{1f600}', '\udcff'].map((name) => aNode({ name }))
    expect(decodeTree(encodeTree(nodes), A).nodes).toEqual(nodes)
    expect(() => encodeTree(nodes.toReversed())).toThrow('out of order')
  })

  test.each([
    ['twice the same', ['a', 'a']],
    ['descending', ['b', 'a']],
    ['sorted as UTF-16 is', ['\u{1f600}', '\uff5e']],
    ['no name', ['']],
  ])('is refused: %s', (_what, names) => {
    expect(() => encodeTree(names.map((name) => aNode({ name })))).toThrow(/out of order/)
  })

  test('can be encoded entry by entry, however large', () => {
    const nodes = Array.from({ length: 2000 }, (_, i) =>
      aNode({ name: `\u00e9${String(i).padStart(6, '0')}`, content: [A, B] }),
    )
    const encoder = new TreeEncoder()
    for (const node of nodes) encoder.add(node)
    const bytes = encoder.finish()
    expect(bytes.length).toBeGreaterThan(500_000)
    expect(bytes.toString()).toBe(`{"nodes":[${nodes.map((node) => encoded(node)).join(',')}]}\n`)
  })
})

test('any entries come back', () => {
  fc.assert(
    fc.property(anyNodes, (nodes) => {
      const bytes = encodeTree(nodes)
      const decoded = decodeTree(bytes, A).nodes
      expect(decoded.map(plain)).toEqual(nodes.map(plain))
      expect(encodeTree(decoded).equals(bytes)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

/** An entry with its generic attributes parsed: their writing may change. */
function plain(node: Node): unknown {
  return {
    ...node,
    genericAttributes: new Map([...node.genericAttributes].map(([name, json]) => [name, JSON.parse(json) as unknown])),
  }
}
