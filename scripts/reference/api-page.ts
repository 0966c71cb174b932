/** Renders the exports of a package as a page. */
import { posix } from 'node:path';
import type { Item } from './exports.ts';

export interface ApiPage {
  /** The name under which it is imported. */
  readonly specifier: string;
  readonly path: string;
  readonly items: readonly Item[];
  /** By the name of a type of options: the link to its description. */
  readonly options: ReadonlyMap<string, string>;
  /** The folder of the repository. */
  readonly root: string;
}

const groups = [
  ['Classes and modules', ['class', 'namespace']],
  ['Functions and constants', ['function', 'constant']],
  ['Errors', ['error']],
  ['Types', ['type']],
] as const;

/** The page as Markdown. */
export function renderApi(page: ApiPage): string {
  const { specifier, items } = page;
  const sections = groups.flatMap(([title, kinds]) => {
    const found = items.filter(({ kind }) => (kinds as readonly string[]).includes(kind));
    return found.length === 0 ? [] : [{ title, found }];
  });
  const link = linker(sections.flatMap(({ title, found }) => [title, ...found.flatMap(headings)]));
  const contents = sections.map(
    ({ title, found }) => `**${title}**: ${found.map(({ name }) => link(name)).join(', ')}`,
  );
  const text = sections.flatMap(({ title, found }) => [
    `## ${title}`,
    ...found.flatMap((item) => renderItem(page, item, 3)),
  ]);
  const all = [
    `# ${specifier}`,
    '<!-- Written by scripts/reference.mjs from the doc comments of the sources: npm run reference -->',
    `What \`${specifier}\` exports. Each example compiles, as a test says.`,
    ...contents,
    ...text,
  ];
  return `${all.join('\n\n').replaceAll(/\{@link ([^}\s]+)\}/g, (_, name: string) => link(name))}\n`;
}

/** All headings of an item, in the order in which they come. */
function headings(item: Item): string[] {
  return [item.name, ...sectionsOf(item).flatMap(headings)];
}

/**
 * The members with a section of their own. Properties, the members of interfaces, and methods of which
 * there is nothing to say are lines of a list.
 */
function sectionsOf({ kind, members }: Item): readonly Item[] {
  if (kind === 'type') return [];
  return members.filter(
    (member) => member.kind !== 'property' && (member.doc.text !== '' || member.members.length > 0),
  );
}

/** Gives the link to a name, with the anchors that GitHub makes of headings. */
function linker(all: readonly string[]): (name: string) => string {
  const anchors = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const heading of all) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    if (!anchors.has(heading)) anchors.set(heading, count === 0 ? anchor : `${anchor}-${count}`);
  }
  return (name) => {
    const anchor = anchors.get(name);
    return anchor === undefined ? `\`${name}\`` : `[\`${name}\`](#${anchor})`;
  };
}

function renderItem(page: ApiPage, item: Item, level: number): string[] {
  const { name, doc, signatures, members, file } = item;
  const sections = sectionsOf(item);
  const lines = members.filter((member) => !sections.includes(member));
  const link = posix.relative(posix.dirname(page.path), posix.relative(page.root, file));
  return [
    `${'#'.repeat(level)} ${name}`,
    ...(signatures.length > 0 ? [code(shorten(page, item))] : []),
    ...(doc.text === '' ? [] : [doc.text]),
    ...(page.options.has(name) ? [`The options: [${name}](${page.options.get(name)}).`] : []),
    ...list(doc.params),
    ...(doc.throws.length > 0 ? ['Throws, or rejects with:', ...list(doc.throws)] : []),
    ...doc.examples.map(code),
    ...list(lines.map(renderLine)),
    ...sections.flatMap((member) => renderItem(page, member, level + 1)),
    ...(level === 3 ? [`Declared in [${posix.relative(page.root, file)}](${link})`] : []),
  ];
}

/** Options are described on a page of their own: their type, made from the schema, says little. */
const shorten = ({ options }: ApiPage, { name, signatures }: Item): string =>
  options.has(name) ? `type ${name}` : signatures.join('\n');

const code = (text: string): string => `\`\`\`typescript\n${text}\n\`\`\``;

const list = (items: readonly string[]): string[] =>
  items.length === 0
    ? []
    : [items.map((item) => `- ${item.replaceAll(/\n(?=.)/g, '\n  ')}`).join('\n')];

function renderLine({ signatures, doc }: Item): string {
  const signature = `\`${signatures.join(' ').replaceAll(/\s+/g, ' ')}\``;
  const throws = doc.throws.map((error) => `Throws, or rejects with: ${error}`);
  const text = [doc.text, ...throws].filter((part) => part !== '').join('\n\n');
  return text === '' ? signature : `${signature}: ${text}`;
}
