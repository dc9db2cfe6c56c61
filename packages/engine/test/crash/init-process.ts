import { argv, stdout } from 'node:process'
import { STORAGE_KINDS, World } from './world.ts'

/** Makes a repository whose password takes no time to try, which the command has no option for, and reports it as the command does. */
const [, , root = '', name] = argv
const kind = STORAGE_KINDS.find((known) => known.name === name)
if (kind === undefined) throw new Error(`there is no storage '${name}'`)
await new World(root, kind, root).makeRepository()
stdout.write('{"message_type":"initialized"}\n')
