import { VarveError } from '@varve/platform/errors'
import { MemberPaths } from './member-paths.ts'
import type { TarMember } from './volume-index.ts'

/** Types of entries that only some systems have, and only some users can make. */
export type SpecialType = 'fifo' | 'dev' | 'chardev'

/** Content that goes to one place. */
export interface FileJob {
  /** Below the target. */
  readonly path: string
  /** Whose content it is. */
  readonly content: TarMember
  /** Whose metadata the file gets. */
  readonly member: TarMember
}

/** What is to be extracted. Made, and found safe, before anything is written. */
export interface ExtractionPlan {
  /** Those above others first. */
  readonly folders: readonly TarMember[]
  readonly files: readonly FileJob[]
  readonly symlinks: readonly TarMember[]
  /** Second names of files that are extracted as well. */
  readonly hardlinks: readonly { readonly member: TarMember; readonly target: string }[]
  /** FIFOs and devices. */
  readonly specials: readonly (TarMember & { readonly type: SpecialType })[]
  /** Members of types that are not known. */
  readonly leftOut: readonly TarMember[]
  /** Bytes of content that will be written. */
  readonly bytes: number
}

/**
 * Plans an extraction.
 *
 * @param members - what is to be extracted
 * @param find - a member of the archive by its path
 * @throws ERR_VARVE_UNSAFE_PATH for paths that lead out of the target or exclude each other, and for hard links to what is no file of the archive;
 *   ERR_VARVE_UNSUPPORTED for sparse files
 */
export function planExtraction(
  members: readonly TarMember[],
  find: (path: string) => TarMember | undefined,
): ExtractionPlan {
  const paths = new MemberPaths()
  const chosen = new Set<TarMember>()
  for (const member of members) {
    paths.add(member.path, member.type)
    chosen.add(member)
    if (member.type !== 'sparse') continue
    throw new VarveError('ERR_VARVE_UNSUPPORTED', `'${member.path}' is stored as a sparse file, which cannot be read`, {
      hint: 'extract this archive with GNU tar',
    })
  }
  const ofType = (type: TarMember['type']): readonly TarMember[] => members.filter((member) => member.type === type)
  const links = ofType('hardlink').map((member) => ({ member, file: linkedFile(member, find) }))
  const files: readonly FileJob[] = [
    ...ofType('file').map((member) => ({ path: member.path, content: member, member })),
    ...links
      .filter(({ file }) => !chosen.has(file))
      .map(({ member, file }) => ({ path: member.path, content: file, member: file })),
  ]
  return {
    folders: ofType('dir').toSorted((a, b) => a.path.length - b.path.length),
    files,
    symlinks: ofType('symlink'),
    hardlinks: links.filter(({ file }) => chosen.has(file)).map(({ member, file }) => ({ member, target: file.path })),
    specials: members.filter((member) => isSpecial(member)),
    leftOut: ofType('other'),
    bytes: files.reduce((sum, { content }) => sum + content.size, 0),
  }
}

/**
 * The file that a hard link is another name of.
 * @throws ERR_VARVE_UNSAFE_PATH where that is no file of the archive
 */
export function linkedFile(member: TarMember, find: (path: string) => TarMember | undefined): TarMember {
  const seen = new Set<TarMember>()
  let file: TarMember | undefined = member
  while (file?.type === 'hardlink' && !seen.has(file)) {
    seen.add(file)
    file = find(file.linkTarget)
  }
  if (file?.type === 'file') return file
  const message = `'${member.path}' is a hard link to '${member.linkTarget}', which is no file of the archive`
  throw new VarveError('ERR_VARVE_UNSAFE_PATH', message)
}

function isSpecial(member: TarMember): member is TarMember & { readonly type: SpecialType } {
  return member.type === 'fifo' || member.type === 'dev' || member.type === 'chardev'
}
