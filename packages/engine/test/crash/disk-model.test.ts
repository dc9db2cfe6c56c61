import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { DiskModel, newFile, newFolder, type DiskFile } from './disk-model.ts'
import { leftAfter, pendingChanges, randomFrom, variantsOf, type Fate, type LeftNode } from './disk-states.ts'
import { parseTrace } from './trace-parsing.ts'
import { TracedCommand } from './traced-command.ts'

/** A disk with a folder that holds the file `old`. */
function disk(): { readonly model: DiskModel; readonly place: string } {
  const place = scratchFolder()
  mkdirSync(join(place, 'folder'))
  writeFileSync(join(place, 'folder/old'), 'old content')
  return { model: new DiskModel(place, place), place }
}

function addFile(model: DiskModel, path: string): DiskFile {
  const file = newFile()
  model.add(path, file)
  return file
}

/** What a power failure leaves when all pending changes have one fate: text by path. */
function left(model: DiskModel, fate: Fate = 'gone'): Record<string, string> {
  const texts: Record<string, string> = {}
  const visit = (node: LeftNode, path: string): void => {
    if (node.kind === 'file') texts[path] = node.content.toString('latin1')
    if (node.kind === 'folder') for (const [name, inner] of node.entries) visit(inner, `${path}/${name}`)
  }
  visit(leftAfter(model.root, { title: fate, fate: () => fate }), '')
  return texts
}

describe('a power failure', () => {
  test('takes the name of a file whose folder was not flushed, though the file was', () => {
    const { model, place } = disk()
    const file = addFile(model, `${place}/folder/new`)
    model.write(file, 0, Buffer.from('new'))
    model.flush(file, model.changes)
    expect(left(model)).toEqual({ '/folder/old': 'old content' })
    expect(left(model, 'whole')).toEqual({ '/folder/old': 'old content', '/folder/new': 'new' })
    const folder = model.find(`${place}/folder`)
    if (folder?.kind === 'folder') model.flush(folder, model.changes)
    expect(left(model)).toEqual({ '/folder/old': 'old content', '/folder/new': 'new' })
  })

  test('takes a folder whose own name was not flushed, with all that is in it', () => {
    const { model, place } = disk()
    const folder = newFolder()
    model.add(`${place}/made`, folder)
    const file = addFile(model, `${place}/made/file`)
    model.flush(folder, model.changes)
    model.flush(file, model.changes)
    expect(left(model)).toEqual({ '/folder/old': 'old content' })
  })

  test('leaves a file under its old name or its new one', () => {
    const { model, place } = disk()
    model.rename(`${place}/folder/old`, `${place}/folder/renamed`)
    expect(left(model)).toEqual({ '/folder/old': 'old content' })
    expect(left(model, 'whole')).toEqual({ '/folder/renamed': 'old content' })
    expect(() => model.rename(`${place}/folder/renamed`, `${place}/elsewhere`)).toThrow('leaves its folder')
  })

  test('does not undo what was flushed, but what was done while it was being flushed', () => {
    const { model, place } = disk()
    const file = model.find(`${place}/folder/old`)
    if (file?.kind !== 'file') throw new Error('there is no file')
    model.write(file, 0, Buffer.from('NEW'))
    const began = model.changes
    model.write(file, 4, Buffer.from('CONTENT'))
    model.flush(file, began)
    expect(left(model)['/folder/old']).toBe('NEW content')
    expect(left(model, 'whole')['/folder/old']).toBe('NEW CONTENT')
    model.resize(file, 3)
    expect(left(model, 'whole')['/folder/old']).toBe('NEW')
  })

  test.each<[Fate, string]>([
    ['gone', ''],
    ['zeros', '\0'.repeat(1300)],
    ['beginning', 'a'.repeat(1024)],
    ['end', `${'\0'.repeat(1024)}${'a'.repeat(276)}`],
    ['stripes', `${'a'.repeat(512)}${'\0'.repeat(512)}${'a'.repeat(276)}`],
  ])('tears a write by sectors: %s', (fate, text) => {
    const { model, place } = disk()
    const file = addFile(model, `${place}/folder/new`)
    const folder = model.find(`${place}/folder`)
    if (folder?.kind === 'folder') model.flush(folder, model.changes)
    model.write(file, 0, Buffer.from('a'.repeat(1300)))
    expect(left(model, fate)['/folder/new']).toBe(text)
  })

  test('is tried in many ways, the same ones in each run', () => {
    const { model, place } = disk()
    const file = addFile(model, `${place}/folder/new`)
    for (let n = 0; n < 10; n++) model.write(file, n, Buffer.from('x'))
    const changes = pendingChanges(model.root)
    expect(changes).toHaveLength(11)
    const fates = (seed: number): readonly (readonly Fate[])[] =>
      variantsOf(changes, randomFrom(seed), 5).map((variant) => changes.map((change) => variant.fate(change)))
    expect(fates(1)).toEqual(fates(1))
    expect(fates(1)).not.toEqual(fates(2))
    expect(new Set(fates(1).map((all) => all.join())).size).toBeGreaterThan(20)
  })
})

/** A string as strace writes it with `-xx`. */
function hex(text: string): string {
  return `"${Array.from(Buffer.from(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`
}

describe('a trace', () => {
  test('is replayed in the order in which calls returned, each thread for itself', () => {
    const { model, place } = disk()
    const text = [
      `1 openat(AT_FDCWD, ${hex(`${place}/folder/a`)}, O_WRONLY|O_CREAT|O_EXCL, 0600) = 21`,
      `1 write(21, ${hex('one')}, 3 <unfinished ...>`,
      `2 openat(AT_FDCWD, ${hex('/elsewhere')}, O_RDONLY) = 22`,
      `1 <... write resumed>)              = 3`,
      `2 write(22, ${hex('not ours')}, 8) = 8`,
      `1 write(21, ${hex(' two')}, 4) = 4`,
      `1 close(21 <unfinished ...>`,
      `2 openat(AT_FDCWD, ${hex(`${place}/folder/b`)}, O_WRONLY|O_CREAT, 0600) = 21`,
      `1 <... close resumed>)              = 0`,
      `2 pwrite64(21, ${hex('at two')}, 6, 2) = 6`,
      `2 rename(${hex(`${place}/folder/a`)}, ${hex(`${place}/folder/c`)}) = -1 EACCES (Permission denied)`,
      `1 rename(${hex(`${place}/folder/a`)}, ${hex(`${place}/folder/d`)}) = 0`,
      `1 writev(1, [{iov_base=${hex('{"message')}, iov_len=9}, {iov_base=${hex('_type"}\n')}, iov_len=8}], 2) = 17`,
      '1 +++ exited with 0 +++',
    ].join('\n')
    const traced = new TracedCommand(model, place)
    const steps = [...traced.replay(text)]
    expect(steps).toEqual(['open', 'write', 'write', 'open', 'pwrite64', 'rename', 'writev'])
    expect(traced.output).toBe('{"message_type"}\n')
    expect(left(model, 'whole')).toEqual({
      '/folder/old': 'old content',
      '/folder/d': 'one two',
      '/folder/b': '\0\0at two',
    })
  })

  test('that is not whole, or has what is not modelled, is refused', () => {
    const { model, place } = disk()
    expect(() => [...parseTrace(`1 write(3, ${hex('cut')}..., 300) = 300`)]).toThrow('cut off')
    expect(() => [...parseTrace('1 <... write resumed>) = 3')]).toThrow('no beginning')
    const allocating = `1 openat(AT_FDCWD, ${hex(`${place}/folder/old`)}, O_RDWR) = 4\n1 fallocate(4, 0, 0, 10) = 0`
    expect(() => [...new TracedCommand(model, place).replay(allocating)]).toThrow('not modelled')
  })
})
