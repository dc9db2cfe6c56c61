import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import { VarveError, describeError } from '@varve/platform/errors'
import { idOf, type Id } from './id.ts'
import { deriveKey, SALT_SIZE, type KeyDerivation } from './key-derivation.ts'
import type { MasterKey } from './master-key.ts'
import { Sealer, isValidKey } from './sealing.ts'
import type { Timestamp } from './timestamp.ts'

/** Bytes that a key file can have; real ones have some five hundred. */
export const MAX_KEY_FILE = 64 * 1024

const base64 = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => Buffer.from(text, 'base64')),
)

const KEY_FILE = v.object({
  kdf: v.string(),
  N: v.number(),
  r: v.number(),
  p: v.number(),
  salt: base64,
  data: base64,
})

const MASTER_KEY = v.object({ mac: v.object({ k: base64, r: base64 }), encrypt: base64 })

/** Who made a key, and when; for people only. */
export interface KeyOrigin {
  readonly created: Timestamp
  readonly username: string
  readonly hostname: string
}

/** A new random master key. */
export function randomMasterKey(): MasterKey {
  return keyOf(randomBytes(32), randomBytes(16), randomBytes(16))
}

/**
 * A key file: the master key, sealed with a key made from the password.
 *
 * @param password - may be empty
 * @returns the file's bytes and its name
 */
export async function encodeKeyFile(
  masterKey: MasterKey,
  password: string,
  derivation: KeyDerivation,
  origin: KeyOrigin,
): Promise<{ readonly id: Id; readonly bytes: Buffer }> {
  const salt = randomBytes(SALT_SIZE)
  const sealer = new Sealer(await deriveKey(password, salt, derivation))
  const plain = JSON.stringify({
    mac: { k: toBase64(masterKey.macK), r: toBase64(masterKey.macR) },
    encrypt: toBase64(masterKey.encrypt),
  })
  const bytes = Buffer.from(
    JSON.stringify({
      created: origin.created,
      username: origin.username,
      hostname: origin.hostname,
      kdf: 'scrypt',
      N: derivation.N,
      r: derivation.r,
      p: derivation.p,
      salt: toBase64(salt),
      data: toBase64(sealer.seal(Buffer.from(plain))),
    }),
  )
  return { id: idOf(bytes), bytes }
}

/**
 * The master key, if `password` opens this key file.
 *
 * @param bytes - the file
 * @param name - its name, for messages
 * @returns undefined where the password is another one
 * @throws ERR_VARVE_DAMAGED naming the key, where it is not what its name says or could not be opened with any password
 */
export async function openKeyFile(bytes: Uint8Array, name: Id, password: string): Promise<MasterKey | undefined> {
  try {
    if (idOf(bytes) !== name) throw new VarveError('ERR_VARVE_DAMAGED', 'its content does not have its hash')
    const file = v.parse(KEY_FILE, parseJson(bytes))
    if (file.kdf !== 'scrypt')
      throw new VarveError('ERR_VARVE_DAMAGED', `it uses the unknown function '${file.kdf.slice(0, 40)}'`)
    const sealer = new Sealer(await deriveKey(password, file.salt, file))
    let plain: Buffer
    try {
      plain = sealer.open(file.data)
    } catch {
      return undefined
    }
    const { mac, encrypt } = v.parse(MASTER_KEY, parseJson(plain))
    const key = keyOf(encrypt, mac.k, mac.r)
    if (!isValidKey(key)) throw new VarveError('ERR_VARVE_DAMAGED', 'it holds no valid key')
    return key
  } catch (error) {
    throw new VarveError('ERR_VARVE_DAMAGED', `key ${name} is damaged: ${describeError(error)}`)
  }
}

/** Each part in memory of its own: what goes to a thread takes all memory with it that it lies in. */
function keyOf(encrypt: Uint8Array, macK: Uint8Array, macR: Uint8Array): MasterKey {
  return { encrypt: new Uint8Array(encrypt), macK: new Uint8Array(macK), macR: new Uint8Array(macR) }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    // What JSON.parse says quotes the text, and this one may be a secret.
    throw new VarveError('ERR_VARVE_DAMAGED', 'it is not JSON')
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
