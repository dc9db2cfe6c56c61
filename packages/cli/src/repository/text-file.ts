/**
 * Text from the bytes of a file that a person wrote with whatever editor: a byte order mark is dropped, and one of UTF-16 decides the
 * encoding; all else is UTF-8 (the rules of restic's `internal/textfile`).
 */
export function decodeTextFile(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder('utf-8').decode(bytes)
}
