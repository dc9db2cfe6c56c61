import { isEntryName } from '@varve/platform/file-name'
import * as fc from 'fast-check'
import { idOf } from '../../../src/repository/id.ts'
import { decodeTree } from '../../../src/repository/tree-decoding.ts'
import { encodeTree } from '../../../src/repository/tree-encoding.ts'
import { timestampToNanoseconds } from '../../../src/repository/timestamp.ts'
import { aNode } from '../../repository/a-node.ts'
import { anyNodes } from '../../repository/any-node.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

const NAME = idOf(Buffer.from('tree'))

/** Trees. */
export const treeTarget: FuzzTarget = {
  name: 'tree',
  seeds: [
    encodeTree([]),
    encodeTree([aNode({ name: 'a', type: 'file', content: [NAME] }), aNode({ name: 'b', type: 'dir', subtree: NAME })]),
    encodeTree([aNode({ name: 'link\udcff', type: 'symlink', linkTarget: '../\udc80' })]),
    encodeTree([aNode({ name: 'x', type: 'file', content: [], genericAttributes: new Map([['a.b', '{"c":[1]}']]) })]),
    encodeTree([
      aNode({ name: 'x', type: 'file', content: [], extendedAttributes: [{ name: 'user.a', value: Buffer.of(1) }] }),
    ]),
    ...fc.sample(anyNodes, { numRuns: 6, seed: 1 }).map((nodes) => encodeTree(nodes)),
  ].filter((bytes) => bytes.length < 4096),
  words: [
    'nodes',
    'name',
    'type',
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
    'linktarget_raw',
    'extended_attributes',
    'generic_attributes',
    'device',
    'content',
    'subtree',
    'error',
    'value',
    'file',
    'dir',
    'symlink',
    'dev',
    'chardev',
    'fifo',
    'socket',
    'irregular',
    '\\x00',
    '\\xff',
    '\\u2028',
    '\\U0010ffff',
    '\\U00110000',
    '\\377',
    '\\400',
    '..',
    NAME,
    'AA==',
  ],
  isJson: true,
  limitMs: 200,
  run(input) {
    const outcome = parsed('ERR_VARVE_DAMAGED', () => decodeTree(input, NAME))
    if ('refused' in outcome) return outcome.refused
    const { nodes } = outcome.value
    for (const node of nodes) {
      if (!isEntryName(node.name)) throw new Error(`an entry is called ${JSON.stringify(node.name)}`)
      const encoded = encodeTree([node])
      const [again] = decodeTree(encoded, NAME).nodes
      if (again?.name !== node.name || again.type !== node.type || again.size !== node.size)
        throw new Error('an entry is not what it was')
      assertSame(encodeTree([again]), encoded, 'an entry is not what it was')
      if (timestampToNanoseconds(again.mtime) !== timestampToNanoseconds(node.mtime)) {
        throw new Error(`${node.mtime} became ${again.mtime}`)
      }
    }
    return nodes.length > 1 ? 'entries' : String(nodes[0]?.type)
  },
}
