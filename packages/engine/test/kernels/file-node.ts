import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'

/** An ordinary file's node; names ascend with the number. */
export function fileNode(number: number): Node {
  const time = timestampFromNanoseconds(1_700_000_000_123_456_789n + BigInt(number) * 1_000_000_007n)
  return {
    name: `file-${String(number).padStart(9, '0')}.txt`,
    type: 'file',
    mode: 0o644,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 1000,
    gid: 1000,
    user: 'anna',
    group: 'anna',
    inode: BigInt(number + 1),
    deviceId: 2049n,
    size: BigInt(number),
    links: 1n,
    linkTarget: '',
    extendedAttributes: [],
    genericAttributes: new Map(),
    device: 0n,
    content: [idOf(Buffer.from(String(number)))],
    subtree: undefined,
    error: '',
  }
}
