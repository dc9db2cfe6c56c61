import type { Command, Help } from 'commander'

/** Help in the order in which people look for things: what it does, its commands, its arguments, its options, then those of all commands. */
export function formatHelp(command: Command, helper: Help): string {
  const columns = helper.padWidth(command, helper)
  const list = (heading: string, items: readonly (readonly [string, string])[]): string =>
    items.length === 0
      ? ''
      : `\n${heading}:\n${items.map(([term, text]) => helper.formatItem(term, columns, text, helper)).join('\n')}\n`
  const wrap = (text: string): string => helper.boxWrap(text, helper.helpWidth ?? 80)
  const terms = (commands: readonly Command[]): readonly (readonly [string, string])[] =>
    commands.map((sub) => [helper.subcommandTerm(sub), helper.subcommandDescription(sub)])
  return [
    `${wrap(usage(command))}\n`,
    `\n${wrap(helper.commandDescription(command))}\n`,
    list('Commands', terms(helper.visibleCommands(command).filter((sub) => sub.commands.length === 0))),
    list('Groups of commands', terms(helper.visibleCommands(command).filter((sub) => sub.commands.length > 0))),
    list(
      'Arguments',
      helper.visibleArguments(command).map((item) => [helper.argumentTerm(item), item.description]),
    ),
    list(
      'Options',
      helper.visibleOptions(command).map((item) => [helper.optionTerm(item), item.description]),
    ),
    list(
      'Options of all commands',
      helper.visibleGlobalOptions(command).map((item) => [helper.optionTerm(item), item.description]),
    ),
  ].join('')
}

/** How to call a command, by its first name only. */
function usage(command: Command): string {
  const parents: string[] = []
  for (let { parent } = command; parent !== null; { parent } = parent) parents.unshift(`${parent.name()} `)
  const others = command.aliases()
  return `Usage: ${parents.join('')}${command.name()} ${command.usage()}${others.length === 0 ? '' : ` (also: ${others.join(', ')})`}`
}
