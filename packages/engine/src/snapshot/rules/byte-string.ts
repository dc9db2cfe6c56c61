import { nameToBytes } from '@varve/platform/file-name'

declare const byteStringBrand: unique symbol

/**
 * A name or pattern with one character (U+0000 to U+00FF) for each of its bytes. Both Go's `filepath.Match` and git look at bytes, so that
 * what they match can only be told from those; names of nothing but ASCII, which most are, are already in this form.
 */
export type ByteString = string & { readonly [byteStringBrand]: 'ByteString' }

/** The bytes of a name as characters. */
export function byteString(name: string): ByteString {
  return (isAscii(name) ? name : nameToBytes(name).toString('latin1')) as ByteString
}

// oxlint-disable-next-line no-control-regex -- all of ASCII
const ASCII = /^[\0-\x7f]*$/

/** Whether each character stands for one byte. */
export function isAscii(text: string): boolean {
  return ASCII.test(text)
}
