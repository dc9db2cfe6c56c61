import { expect, test } from 'vitest'
import { idOf, type Id } from '../../src/repository/id.ts'
import type { FileState } from '../../src/snapshot/change-detection.ts'
import { LargeFile } from '../../src/snapshot/large-file.ts'
import type { FilePiece, SavedFile } from '../../src/snapshot/save-jobs.ts'

const state: FileState = { size: 30n, mtimeNs: 1n, ctimeNs: 2n, ino: 3n }
const id = (text: string): Id => idOf(Buffer.from(text))

/** A file of three pieces of ten bytes, all of which have been sent and cut. */
function threePieces(scanned = state): { file: LargeFile; sent: FilePiece[]; saved: SavedFile[] } {
  const sent: FilePiece[] = []
  const saved: SavedFile[] = []
  const file = new LargeFile(
    0,
    { path: '/file', ...scanned },
    (piece) => sent.push(piece),
    (result) => saved.push(result),
  )
  file.start()
  for (const end of [10, 20, 30]) file.noteCut({ end, fileSize: 30, ended: end === 30 })
  return { file, sent, saved }
}

test('the next piece is sent as soon as it is known where one ends', () => {
  const { sent } = threePieces()
  expect(sent.map(({ number, offset, fileSize }) => [number, offset, fileSize])).toEqual([
    [0, 0, undefined],
    [1, 10, 30],
    [2, 20, 30],
  ])
})

test('pieces may be dealt with in any order', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    const { file, saved } = threePieces()
    for (const number of order) {
      expect(saved).toEqual([])
      file.noteSaved(number, {
        kind: 'saved',
        ids: [id(`${number} a`), id(`${number} b`)],
        before: state,
        after: state,
      })
    }
    const content = ['0 a', '0 b', '1 a', '1 b', '2 a', '2 b'].map(id)
    expect(saved).toEqual([{ kind: 'saved', content, size: 30, found: undefined, changedWhileRead: false }])
  }
})

test('a change is noticed in whichever piece it is seen, and whichever comes first', () => {
  const later = { ...state, mtimeNs: 9n }
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
  ]) {
    for (const changed of [0, 1, 2]) {
      const { file, saved } = threePieces()
      for (const number of order) {
        file.noteSaved(number, { kind: 'saved', ids: [], before: state, after: number === changed ? later : state })
      }
      expect(saved).toMatchObject([{ found: undefined, changedWhileRead: true }])
    }
  }
})

test('a file that was another one when reading began is told apart from one that changed since', () => {
  const { file, saved } = threePieces({ ...state, mtimeNs: 0n })
  for (const number of [1, 0, 2]) file.noteSaved(number, { kind: 'saved', ids: [], before: state, after: state })
  expect(saved).toMatchObject([{ found: state, changedWhileRead: false }])
})

test('a piece that cannot be read fails the file, when nothing of it is under way any more', () => {
  const { file, saved } = threePieces()
  file.noteSaved(1, { kind: 'failed', message: 'input/output error (EIO)' })
  file.noteSaved(0, { kind: 'saved', ids: [], before: state, after: state })
  expect(saved).toEqual([])
  file.noteSaved(2, { kind: 'failed', message: 'another' })
  expect(saved).toEqual([{ kind: 'failed', message: 'input/output error (EIO)' }])
})

test('a first piece that cannot be read fails the file at once', () => {
  const saved: SavedFile[] = []
  const file = new LargeFile(
    0,
    { path: '/file', ...state },
    () => undefined,
    (result) => saved.push(result),
  )
  file.start()
  file.noteSaved(0, { kind: 'failed', message: 'permission denied (EACCES)' })
  expect(saved).toEqual([{ kind: 'failed', message: 'permission denied (EACCES)' }])
})
