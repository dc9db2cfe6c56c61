/** Bytes of the old file, from `offset`. */
export interface CopyInstruction {
  readonly kind: 'copy'
  readonly offset: number
  readonly length: number
}

/** Bytes that come with the delta. Of a long literal each piece is an instruction. The bytes last until the next instruction is asked for. */
export interface LiteralInstruction {
  readonly kind: 'literal'
  readonly bytes: Uint8Array
}

/** How to make the next part of the new file. */
export type DeltaInstruction = CopyInstruction | LiteralInstruction
