import { openRepository } from '../../src/repository/open-repository.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'

/** Run as a process of its own: takes a snapshot of a source and writes its figures and what memory it took, in bytes, as JSON. */
const [location = '', password = '', source = ''] = process.argv.slice(2)
const repository = await openRepository({ storage: location, password })
const { summary, problems } = await snapshot(repository, { paths: [source] })
await repository.close()
const memory = process.resourceUsage().maxRSS * 1024
process.stdout.write(`${JSON.stringify({ summary, problems, memory })}\n`)
