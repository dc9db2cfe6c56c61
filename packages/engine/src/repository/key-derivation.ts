import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { VarveError } from '@varve/platform/errors'
import type { MasterKey } from './master-key.ts'
import { deriveByOpenSsl, deriveByScrypt } from './scrypt.ts'

/** How hard it is to try a password: scrypt's parameters (RFC 7914). It takes 128·r·(N + p) bytes of memory, and time in proportion to N·r·p. */
export interface KeyDerivation {
  /** A power of two. */
  readonly N: number
  readonly r: number
  readonly p: number
}

/** Bytes of a salt; restic takes no other length. */
export const SALT_SIZE = 64
/** Bytes of a derived key. */
const KEY_SIZE = 64

/** restic stays below 60 MiB of memory, which makes N 2^15, and lets p grow until a derivation takes half a second. */
const DEFAULT_N = 32_768
const DEFAULT_R = 8
const TARGET_MS = 500
/** Enough for any machine of the next years, and a bound for a clock that stands still. */
const MAX_CALIBRATED_P = 64
/** The fastest of this many trials counts: what else the machine is at must not make the key weaker. */
const TRIALS = 3

/** What a stored key may ask for: restic's own takes 32 MiB, rustic's 128 MiB. */
const MAX_MEMORY = 1024 ** 3
/** Most bytes that are mixed in all, 128·N·r·p: some 25 seconds, fifty times what restic's keys take. */
const MAX_WORK = 16 * 1024 ** 3

/**
 * Parameters with which OpenSSL takes about half a second on this machine, chosen as restic does: N and r are fixed, p is not. That {@link deriveKey} is
 * faster than OpenSSL makes no key weaker.
 */
export async function calibrateKeyDerivation(): Promise<KeyDerivation> {
  let fastest = Infinity
  for (let trial = 0; trial < TRIALS; trial++) {
    const start = performance.now()
    await deriveByOpenSsl('', randomBytes(SALT_SIZE), { N: DEFAULT_N, r: DEFAULT_R, p: 1 }, KEY_SIZE)
    fastest = Math.min(fastest, performance.now() - start)
  }
  const p = Math.max(1, Math.min(MAX_CALIBRATED_P, Math.floor(TARGET_MS / fastest)))
  return { N: DEFAULT_N, r: DEFAULT_R, p }
}

/**
 * The key that a password stands for; it guards the master key. Computed outside the thread that asks.
 *
 * @param salt - {@link SALT_SIZE} bytes
 * @throws ERR_VARVE_DAMAGED where the parameters make no sense or would take more memory or time than a key can ask for
 */
export async function deriveKey(password: string, salt: Uint8Array, parameters: KeyDerivation): Promise<MasterKey> {
  checkParameters(parameters)
  if (salt.length !== SALT_SIZE) throw new VarveError('ERR_VARVE_DAMAGED', `its salt has ${salt.length} bytes`)
  const derived = await deriveByScrypt(password, salt, parameters, KEY_SIZE)
  return { encrypt: derived.subarray(0, 32), macK: derived.subarray(32, 48), macR: derived.subarray(48, 64) }
}

function checkParameters({ N, r, p }: KeyDerivation): void {
  if (
    ![N, r, p].every((value) => Number.isSafeInteger(value) && value >= 1) ||
    N < 2 ||
    !Number.isInteger(Math.log2(N))
  ) {
    throw new VarveError('ERR_VARVE_DAMAGED', `scrypt knows no parameters N=${N}, r=${r}, p=${p}`)
  }
  if (128 * r * Math.max(N, p) > MAX_MEMORY || 128 * N * r * p > MAX_WORK) {
    throw new VarveError(
      'ERR_VARVE_DAMAGED',
      `its parameters N=${N}, r=${r}, p=${p} would take more than a key can ask for`,
    )
  }
}
