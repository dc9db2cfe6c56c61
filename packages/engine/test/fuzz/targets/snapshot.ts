import { idOf } from '../../../src/repository/id.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/repository/snapshot-encoding.ts'
import { timestampToNanoseconds, ZERO_TIME, type Timestamp } from '../../../src/repository/timestamp.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

const NAME = idOf(Buffer.from('snapshot'))
const SIMPLE = { time: '2024-07-01T12:00:00.100+02:00' as Timestamp, tree: NAME, paths: ['/home/anna'] }

/** Snapshot files. */
export const snapshotTarget: FuzzTarget = {
  name: 'snapshot',
  seeds: [
    encodeSnapshot(SIMPLE),
    encodeSnapshot({
      ...SIMPLE,
      parent: NAME,
      original: NAME,
      hostname: 'studio',
      username: 'anna',
      uid: 1000,
      gid: 1000,
      excludes: ['*.tmp'],
      tags: ['a', 'b'],
      programVersion: 'varve 1',
      description: 'd',
      summary: {
        backupStart: SIMPLE.time,
        backupEnd: ZERO_TIME,
        filesNew: 1,
        filesChanged: 2,
        filesUnmodified: 3,
        dirsNew: 4,
        dirsChanged: 5,
        dirsUnmodified: 6,
        dataBlobs: 7,
        treeBlobs: 8,
        dataAdded: 9,
        dataAddedPacked: 10,
        totalFilesProcessed: 11,
        totalBytesProcessed: 12,
      },
    }),
    Buffer.from(`{"time":"${SIMPLE.time}","tree":"${NAME}","paths":null,"tags":null,"summary":{}}`),
  ],
  words: [
    'time',
    'parent',
    'tree',
    'paths',
    'hostname',
    'username',
    'uid',
    'gid',
    'excludes',
    'tags',
    'original',
    'program_version',
    'summary',
    'description',
    'backup_start',
    'backup_end',
    'files_new',
    'data_added',
    NAME,
  ],
  isJson: true,
  limitMs: 200,
  run(input) {
    const outcome = parsed('ERR_VARVE_DAMAGED', () => decodeSnapshot(input, NAME))
    if ('refused' in outcome) return outcome.refused
    const encoded = encodeSnapshot(outcome.value)
    const again = decodeSnapshot(encoded, NAME)
    assertSame(encodeSnapshot(again), encoded, 'a snapshot is not what it was')
    if (timestampToNanoseconds(again.time) !== timestampToNanoseconds(outcome.value.time)) {
      throw new Error(`${outcome.value.time} became ${again.time}`)
    }
    return `${Object.keys(again).length} fields`
  },
}
