import { LargeFile } from './large-file.ts'
import type { CutEvent, FilePiece, FileToSave, SavedFile, SavedPiece } from './save-jobs.ts'

/** Has a piece of the file of that number read, and what became of it told. */
export type SendPiece = (file: number, piece: FilePiece, onSaved: (saved: SavedPiece) => void) => void

/** The large files that are to be saved, of which some are under way at a time. */
export class LargeFiles {
  readonly #atOnce: number
  readonly #send: SendPiece
  readonly #waiting: LargeFile[] = []
  readonly #underWay = new Map<number, LargeFile>()
  #next = 0

  /** @param atOnce - one a thread: with fewer, threads would wait for each other where files have few pieces */
  constructor(atOnce: number, send: SendPiece) {
    this.#atOnce = atOnce
    this.#send = send
  }

  /** Paths of those under way. */
  get paths(): readonly string[] {
    return Array.from(this.#underWay.values(), ({ file }) => file.path)
  }

  /** Saves a file, when its turn comes. */
  add(file: FileToSave, onSaved: (saved: SavedFile) => void): void {
    const number = this.#next++
    const send = (piece: FilePiece): void => this.#send(number, piece, (saved) => large.noteSaved(piece.number, saved))
    const large = new LargeFile(number, file, send, (saved) => {
      this.#underWay.delete(number)
      this.#start()
      onSaved(saved)
    })
    this.#waiting.push(large)
    this.#start()
  }

  /** It is known where a piece ends. */
  noteCut({ file, cut }: CutEvent): void {
    this.#underWay.get(file)?.noteCut(cut)
  }

  #start(): void {
    while (this.#underWay.size < this.#atOnce) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#underWay.set(next.number, next)
      next.start()
    }
  }
}
