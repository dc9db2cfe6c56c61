import { currentPlatform } from '@varve/platform'
import { idOf } from '../../../src/repository/id.ts'
import { decodeLock, describeLock, encodeLock, isAbandoned, isStale } from '../../../src/repository/lock-file.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

const NAME = idOf(Buffer.from('lock'))
const NOW = Date.UTC(2026, 0, 1)
const LOCK = {
  time: NOW,
  exclusive: false,
  hostname: 'here',
  username: 'anna',
  pid: process.pid,
  uid: 1000,
  gid: 1000,
  space: 'somewhere',
}
const platform = { ...currentPlatform(), hostName: () => 'here' }

/** Lock files, and what is asked about locks. */
export const lockTarget: FuzzTarget = {
  name: 'lock',
  seeds: [
    encodeLock(LOCK),
    encodeLock({ ...LOCK, exclusive: true, uid: 0, gid: 0, space: undefined, hostname: 'there' }),
    Buffer.from('{"time":"2025-12-31T23:59:00Z","exclusive":null,"hostname":"here","pid":999999}'),
  ],
  words: ['time', 'exclusive', 'hostname', 'username', 'pid', 'uid', 'gid', 'process_space', 'here', 'there'],
  isJson: true,
  limitMs: 200,
  run(input) {
    const outcome = parsed('ERR_VARVE_DAMAGED', () => decodeLock(input, NAME))
    if ('refused' in outcome) return outcome.refused
    const lock = outcome.value
    if (!Number.isFinite(lock.time)) throw new Error('a lock has no time')
    const stale = isStale(lock, platform, NOW)
    const abandoned = isAbandoned(lock, platform, NOW)
    if (abandoned && !stale && lock.hostname !== 'here')
      throw new Error('a lock of another machine counts as abandoned')
    describeLock(lock)
    const encoded = encodeLock(lock)
    assertSame(encodeLock(decodeLock(encoded, NAME)), encoded, 'a lock is not what it was')
    return `stale ${stale}, abandoned ${abandoned}`
  },
}
