import { hash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'

declare const idBrand: unique symbol

/** The SHA-256 of an object or blob as 64 lower-case hexadecimal digits. */
export type Id = string & { readonly [idBrand]: 'Id' }

/** Bytes of an id. */
export const ID_SIZE = 32

/** The id of some bytes: their SHA-256. */
export function idOf(bytes: Uint8Array): Id {
  return hash('sha256', bytes, 'hex') as Id
}

/** Whether `text` is an id in its written form. */
export function isId(text: string): text is Id {
  return text.length === 64 && /^[0-9a-f]{64}$/.test(text)
}

/**
 * An id from its written form.
 * @throws ERR_VARVE_DAMAGED where `text` is not 64 hexadecimal digits
 */
export function parseId(text: string): Id {
  if (!isId(text)) throw new VarveError('ERR_VARVE_DAMAGED', `'${text.slice(0, 80)}' is not an id`)
  return text
}

/** An id from its 32 bytes at `offset`. */
export function idFromBytes(bytes: Uint8Array, offset = 0): Id {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, ID_SIZE).toString('hex') as Id
}

/** The 32 bytes of an id. */
export function idToBytes(id: Id): Buffer {
  return Buffer.from(id, 'hex')
}

/** The first eight digits: what people see. */
export function shortId(id: Id): string {
  return id.slice(0, 8)
}
