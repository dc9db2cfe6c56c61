import type { Node } from '../../src/repository/node.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'

const TIME = parseTimestamp('2023-11-14T22:13:20Z')

/** An entry of a folder, of which a test names only what matters to it. */
export function aNode(parts: Partial<Node> & Pick<Node, 'name'>): Node {
  return {
    type: 'file',
    mode: 0,
    mtime: TIME,
    atime: TIME,
    ctime: TIME,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    inode: 0n,
    deviceId: 0n,
    size: 0n,
    links: 0n,
    linkTarget: '',
    extendedAttributes: [],
    genericAttributes: new Map(),
    device: 0n,
    content: null,
    subtree: undefined,
    error: '',
    ...parts,
  }
}
