/**
 * Which numbered conformance cases are covered: reads the numbers that test titles cite and
 * writes one page for each package under docs/reference/conformance/, and the tally of the runtime into its
 * README, between `<!-- conformance -->` and `<!-- /conformance -->`.
 *
 *     npm run conformance              # writes the pages and the tallies
 *     npm run conformance -- --check   # fails when one of them is out of date, or a case is neither
 *                                      # tested nor listed in the catalogue with a reason
 *     … --only otp                     # of one package
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * @typedef {{ prefix: string, from: number, to: number, digits?: number }} Cases
 * @typedef {{ title: string, tests: string | string[], page: string, intro: string,
 *   modules: { module: string, cases: Cases[] }[], notApplicable: Record<string, string> }} Section
 */

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, only: { type: 'string' } },
});

const catalogue = /** @type {Record<string, Section>} */ (
  JSON.parse(readFileSync(join(root, 'docs/reference/conformance/catalogue.json'), 'utf8'))
);

/** The READMEs with a tally, and the section of the catalogue that it is of. */
const readmes = { 'packages/otp/README.md': 'otp' };

/**
 * The numbers that the titles of tests cite: `[F96]`, `[OTP S034, S037]`, `[H9–H12]`.
 * @param {string[]} folders
 * @returns {Set<string>}
 */
function citedIn(folders) {
  /** @type {Set<string>} */
  const cited = new Set();
  const files = folders.flatMap((folder) =>
    globSync('**/*.ts', { cwd: join(root, folder) }).map((file) => join(root, folder, file)),
  );
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    // In a title, or first in a row of `test.each`, whose title cites it.
    for (const [, group = ''] of text.matchAll(/\[\s*'?((?:OTP )?[A-Z]+\d[^'\]\n]*)['\]]/g)) {
      for (const id of idsOf(group)) cited.add(id);
    }
  }
  return cited;
}

/**
 * @param {string} group
 * @returns {string[]}
 */
function idsOf(group) {
  const ids = [];
  for (const [, prefix = '', first = '', last] of group.matchAll(
    /([A-Z]+)(\d+)(?:\s*[–-]\s*(?:[A-Z]+)?(\d+))?/g,
  )) {
    const to = last === undefined ? Number(first) : Number(last);
    for (let n = Number(first); n <= to; n++) {
      ids.push(prefix + String(n).padStart(first.length, '0'));
    }
  }
  return ids;
}

/**
 * @param {Cases} cases
 * @returns {string[]}
 */
function allOf({ prefix, from, to, digits = 1 }) {
  const ids = [];
  for (let n = from; n <= to; n++) ids.push(prefix + String(n).padStart(digits, '0'));
  return ids;
}

/**
 * Successive numbers as ranges: `F1–F5, F9`.
 * @param {readonly string[]} ids
 * @returns {string}
 */
function ranges(ids) {
  /** @type {{ prefix: string, first: string, last: string, next: number }[]} */
  const found = [];
  for (const id of ids) {
    const [, prefix = '', digits = ''] = /^([A-Z]+)(\d+)$/.exec(id) ?? [];
    const latest = found.at(-1);
    if (latest?.prefix === prefix && latest.next === Number(digits)) {
      latest.last = id;
      latest.next++;
    } else {
      found.push({ prefix, first: id, last: id, next: Number(digits) + 1 });
    }
  }
  return found.map(({ first, last }) => (first === last ? first : `${first}–${last}`)).join(', ');
}

/**
 * @param {Section} section
 * @returns {{ page: string, tally: string, missing: string[] }}
 */
function report({ title, tests, intro, modules, notApplicable }) {
  const cited = citedIn([tests].flat());
  const excluded = new Map(
    Object.entries(notApplicable).flatMap(([group, why]) => idsOf(group).map((id) => [id, why])),
  );
  /** @type {string[]} */
  const missing = [];
  const rows = [];
  const tally = [
    '| module | cases | tested | not here | open |',
    '| --- | --- | --- | --- | --- |',
  ];
  let total = 0;
  let tested = 0;
  for (const { module, cases } of modules) {
    const ids = cases.flatMap((range) => allOf(range));
    const covered = ids.filter((id) => cited.has(id));
    const open = ids.filter((id) => !cited.has(id) && !excluded.has(id));
    missing.push(...open);
    total += ids.length;
    tested += covered.length;
    const left = ids.length - covered.length - open.length;
    rows.push(`| ${module} | ${ids.length} | ${covered.length} | ${left} | ${ranges(open)} |`);
    tally.push(`| ${module} | ${ids.length} | ${covered.length} | ${left} | ${open.length} |`);
  }
  const all = `| **all** | **${total}** | **${tested}** | **${total - tested - missing.length}** |`;
  rows.push(`${all} |`);
  tally.push(`${all} **${missing.length}** |`);
  const reasons = Object.entries(notApplicable)
    .map(([group, why]) => [ranges(idsOf(group).filter((id) => !cited.has(id))), why])
    .filter(([ids]) => ids !== '')
    .map(([ids, why]) => `| ${ids} | ${why} |`);
  const page = [
    `# Conformance of ${title}`,
    '',
    '<!-- Written by scripts/conformance.mjs from the titles of the tests. -->',
    '',
    intro,
    '',
    '| module | cases | tested | without meaning or not built here | neither |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...(reasons.length === 0
      ? []
      : [
          '## Without meaning, or not built',
          '',
          '| case | reason |',
          '| --- | --- |',
          ...reasons,
          '',
        ]),
  ].join('\n');
  return { page, tally: tally.join('\n'), missing };
}

/**
 * A README with a tally in its place.
 * @param {string} readme
 * @param {string} tally
 * @returns {string}
 */
function withTally(readme, tally) {
  const place = /(<!-- conformance -->\n)[\s\S]*?(<!-- \/conformance -->)/;
  if (!place.test(readme)) throw new Error('no <!-- conformance --> … <!-- /conformance -->');
  return readme.replace(place, (_, start, end) => `${start}\n${tally}\n\n${end}`);
}

/**
 * @param {string} path
 * @returns {string} empty when there is no such file yet
 */
function contentOf(path) {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}

/**
 * Writes a file, or checks that it is as it would be written.
 * @param {string} path
 * @param {string} content
 */
function publish(path, content) {
  if (!values.check) {
    writeFileSync(join(root, path), content);
  } else if (contentOf(path) !== content) {
    failures++;
    console.error(`${path} is out of date: npm run conformance`);
  }
}

let failures = 0;
/** @type {Record<string, string>} */
const tallies = {};
for (const [name, section] of Object.entries(catalogue)) {
  if (values.only !== undefined && values.only !== name) continue;
  const { page, tally, missing } = report(section);
  tallies[name] = tally;
  publish(section.page, page);
  if (!values.check) {
    console.log(`${section.page}: ${missing.length} neither tested nor listed`);
  } else if (missing.length > 0) {
    failures++;
    console.error(`${section.title}: neither tested nor listed: ${ranges(missing)}`);
  }
}
for (const [path, name] of Object.entries(readmes)) {
  const tally = tallies[name];
  if (tally !== undefined) publish(path, withTally(contentOf(path), tally));
}
process.exitCode = failures === 0 ? 0 : 1;
