import type { Id } from '../repository/id.ts'
import { sameState, type FileState } from './change-detection.ts'
import type { FilePiece, FileToSave, PieceCut, SavedFile, SavedPiece } from './save-jobs.ts'

/**
 * A file that is saved piece by piece, by several threads at once: as soon as one knows where its piece ends, the next piece can be read, while
 * the chunks of the first are compressed and sealed.
 */
export class LargeFile {
  readonly number: number
  readonly file: FileToSave
  readonly #send: (piece: FilePiece) => void
  readonly #onSaved: (saved: SavedFile) => void
  readonly #content: (readonly Id[] | undefined)[] = []
  #underWay = 0
  #ended = false
  #size = 0
  /** The file when reading began. */
  #first: FileState | undefined
  /** What was seen of it otherwise, before it is known what the first piece saw. */
  readonly #states: FileState[] = []
  #changed = false
  #failure: string | undefined

  /**
   * @param number - tells it from others
   * @param send - has a piece read, and `noteCut` and `noteSaved` called for it
   * @param onSaved - called when nothing of the file is under way any more
   */
  constructor(number: number, file: FileToSave, send: (piece: FilePiece) => void, onSaved: (saved: SavedFile) => void) {
    this.number = number
    this.file = file
    this.#send = send
    this.#onSaved = onSaved
  }

  /** Has the first piece read. */
  start(): void {
    this.#sendPiece(0, undefined)
  }

  /** It is known where the last piece that was sent ends. */
  noteCut({ end, fileSize, ended }: PieceCut): void {
    this.#size = end
    this.#ended = ended
    if (!ended) this.#sendPiece(end, fileSize)
  }

  /** A piece has been dealt with; its cut has been noted before, unless it failed. */
  noteSaved(number: number, piece: SavedPiece): void {
    this.#underWay--
    if (piece.kind === 'failed') {
      this.#failure ??= piece.message
    } else {
      this.#content[number] = piece.ids
      this.#noteState(number, piece.before)
      this.#noteState(number, piece.after)
    }
    if (this.#underWay === 0) this.#onSaved(this.#result())
  }

  #sendPiece(offset: number, fileSize: number | undefined): void {
    this.#underWay++
    this.#content.push(undefined)
    this.#send({ number: this.#content.length - 1, path: this.file.path, offset, fileSize })
  }

  /** Pieces are dealt with in any order. */
  #noteState(number: number, state: FileState): void {
    if (number === 0) this.#first ??= state
    if (this.#first === undefined) {
      this.#states.push(state)
      return
    }
    for (const seen of [state, ...this.#states.splice(0)]) {
      if (!sameState(seen, this.#first)) this.#changed = true
    }
  }

  #result(): SavedFile {
    if (this.#failure !== undefined) return { kind: 'failed', message: this.#failure }
    if (!this.#ended || this.#first === undefined) throw new Error(`a piece of '${this.file.path}' was never cut`)
    const content: Id[] = []
    for (const ids of this.#content) {
      if (ids === undefined) throw new Error(`a piece of '${this.file.path}' was never saved`)
      for (const id of ids) content.push(id)
    }
    return {
      kind: 'saved',
      content,
      size: this.#size,
      found: sameState(this.#first, this.file) ? undefined : this.#first,
      changedWhileRead: this.#changed,
    }
  }
}
