import type { IndexEntry } from '../directory-index/entry.ts'
import type { DirIndex } from '../directory-index/dir-index.ts'
import { indexedContent } from '../directory-diff/file-pieces.ts'
import type { NewMember, TarVolumeOptions, TarVolumeResult } from '../tar-volume/tar-volume-options.ts'
import { TarVolume } from '../tar-volume/tar-volume.ts'

/**
 * Writes all that an index has into volumes, each file as it was indexed: what is taken out of them is the indexed folder again.
 *
 * @param folder - the folder that was indexed
 * @throws ERR_VARVE_SOURCE where a file has changed since; as `TarVolume.create`
 */
export async function writeFullContent(
  folder: string,
  index: DirIndex,
  options: Omit<TarVolumeOptions, 'root' | 'prefix'>,
): Promise<TarVolumeResult> {
  const writer = await TarVolume.create({ ...options, prefix: '' })
  try {
    if (index.root !== undefined) await writer.addMember({ path: '', type: 'dir', ...index.root })
    for await (const { path, state } of index.entries()) {
      const content = state.type === 'file' ? indexedContent(folder, path, state, options.signal) : []
      await writer.addMember(memberOf({ path, state }), content)
    }
    return await writer.close()
  } finally {
    await writer.discard()
  }
}

function memberOf({ path, state }: Pick<IndexEntry, 'path' | 'state'>): NewMember {
  const { type, mode, mtime } = state
  const common = { path, type, mode, mtime }
  if (state.type === 'file') return { ...common, size: state.size }
  if (state.type === 'symlink') return { ...common, linkTarget: state.target }
  return state.type === 'dev' || state.type === 'chardev' ? { ...common, device: state.device } : common
}
