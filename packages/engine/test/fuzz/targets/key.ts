import { idOf } from '../../../src/repository/id.ts'
import { encodeKeyFile, openKeyFile } from '../../../src/repository/key-file.ts'
import { isValidKey } from '../../../src/repository/sealing.ts'
import type { Timestamp } from '../../../src/repository/timestamp.ts'
import { CHEAP_KDF } from '../../fixtures/repository-fixture.ts'
import { refusal, type FuzzTarget } from '../fuzz-target.ts'

const PASSWORD = 'fuzz'

/** Bytes mixed in a derivation from which on it is not carried out: what is looked for is not how long scrypt takes. */
const MOST_WORK = 2 ** 22

const ORIGIN = { created: '2026-01-02T03:04:05.123+01:00' as Timestamp, username: 'anna', hostname: 'studio' }
const MASTER = { encrypt: Buffer.alloc(32, 1), macK: Buffer.alloc(16, 2), macR: Buffer.alloc(16, 3) }
const { bytes: seed } = await encodeKeyFile(MASTER, PASSWORD, CHEAP_KDF, ORIGIN)

/** Key files: which derivations they may ask for, and what they hold. */
export const keyTarget: FuzzTarget = {
  name: 'key',
  seeds: [seed, Buffer.from(seed.toString().replace('"p":1', '"p":4').replace('"N":2', '"N":1024'))],
  words: [
    'created',
    'username',
    'hostname',
    'kdf',
    'N',
    'r',
    'p',
    'salt',
    'data',
    'scrypt',
    'argon2',
    'AAAA',
    'AA==',
    'A',
    Buffer.alloc(64).toString('base64'),
    Buffer.alloc(63).toString('base64'),
  ],
  isJson: true,
  limitMs: 1000,
  async run(input) {
    if (workOf(input) > MOST_WORK) return 'too much work to try'
    try {
      const key = await openKeyFile(input, idOf(input), PASSWORD)
      if (key === undefined) return 'another password'
      if (!isValidKey(key)) throw new Error('no valid key was taken for one')
      return 'opened'
    } catch (error) {
      return refusal('ERR_VARVE_DAMAGED', error).refused
    }
  },
}

/** Bytes that a derivation would mix, where it would be carried out at all: what asks for very much has to be refused at once. */
function workOf(input: Uint8Array): number {
  try {
    const file: unknown = JSON.parse(Buffer.from(input).toString())
    const { N, r, p } = Object(file) as Readonly<Record<string, unknown>>
    const work = 128 * Number(N) * Number(r) * Number(p)
    return work <= 16 * 1024 ** 3 && Number(N) > 1 ? work : 0
  } catch {
    return 0
  }
}
