import { TarVolumeReader } from './tar-volume-reader.ts'
import type { TarVolumeOptions } from './tar-volume-options.ts'
import { TarVolumeWriter } from './tar-volume-writer.ts'

/**
 * Multi-volume tars: volumes of which each is a whole tar that any program can read, and an index that says which member lies in which, so that one
 * file is extracted without the others.
 */
export const TarVolume = {
  /** Begins a set of volumes: {@link TarVolumeWriter.create}. */
  create: (options: TarVolumeOptions): Promise<TarVolumeWriter> => TarVolumeWriter.create(options),

  /** Opens a set of volumes: {@link TarVolumeReader.open}. */
  open: (...args: Parameters<typeof TarVolumeReader.open>): Promise<TarVolumeReader> => TarVolumeReader.open(...args),

  /**
   * Adds to a set of volumes that is closed: {@link TarVolumeWriter.append}.
   * @throws also what {@link TarVolumeReader.open} throws
   */
  append: async (options: TarVolumeOptions & { readonly key: string }): Promise<TarVolumeWriter> => {
    const { index } = await TarVolumeReader.open({ folder: options.folder, key: options.key })
    return TarVolumeWriter.append(options, index)
  },
} as const
