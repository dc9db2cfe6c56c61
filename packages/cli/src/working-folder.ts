import { statSync } from 'node:fs'

/**
 * The folder that relative paths are relative to.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT where it has been removed, or has a name that Node cannot tell us: bytes that are not UTF-8 come as other
 *   characters, and a path made from them would lead elsewhere
 */
export async function findWorkingFolder(): Promise<string> {
  let folder
  try {
    folder = process.cwd()
  } catch {
    throw await failure('the working folder does not exist any more', 'change to another folder')
  }
  if (folder.includes('\uFFFD') && !isSame(folder, '.')) {
    const hint = 'change to another folder; --files-from-raw can name files here'
    throw await failure(`the name of the working folder, '${folder}', is not valid UTF-8`, hint)
  }
  return folder
}

/** The engine is not loaded unless it is needed: commands start fast. */
async function failure(message: string, hint: string): Promise<Error> {
  const { badArgument } = await import('./bad-argument.ts')
  return badArgument(message, hint)
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }))
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino
}
