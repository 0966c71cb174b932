/**
 * Which numbered conformance cases are covered: reads the numbers that test titles cite and
 * writes one page for each package under docs/conformance/.
 *
 *     npm run conformance              # writes the pages
 *     npm run conformance -- --check   # fails when a page is out of date, or a case is neither
 *                                      # tested nor listed in the catalogue with a reason
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * @typedef {{ prefix: string, from: number, to: number, digits?: number }} Cases
 * @typedef {{ title: string, tests: string, page: string, intro: string,
 *   modules: { module: string, cases: Cases[] }[], notApplicable: Record<string, string> }} Section
 */

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

/** @type {Record<string, Section>} */
const catalogue = JSON.parse(readFileSync(join(root, 'docs/conformance/catalogue.json'), 'utf8'));

/**
 * The numbers that the titles of a package's tests cite: `[F96]`, `[OTP S034, S037]`, `[H9–H12]`.
 * @param {string} folder
 * @returns {Set<string>}
 */
function citedIn(folder) {
  const cited = new Set();
  for (const file of globSync('**/*.ts', { cwd: join(root, folder) })) {
    const text = readFileSync(join(root, folder, file), 'utf8');
    for (const [, group = ''] of text.matchAll(/\[((?:OTP )?[A-Z]+\d[^\]\n]*)\]/g)) {
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
 * @returns {{ page: string, missing: string[] }}
 */
function report({ title, tests, intro, modules, notApplicable }) {
  const cited = citedIn(tests);
  const excluded = new Map(
    Object.entries(notApplicable).flatMap(([group, why]) => idsOf(group).map((id) => [id, why])),
  );
  const missing = [];
  const rows = [];
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
  }
  rows.push(
    `| **all** | **${total}** | **${tested}** | **${total - tested - missing.length}** | |`,
  );
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
  return { page, missing };
}

let failures = 0;
for (const section of Object.values(catalogue)) {
  const { page, missing } = report(section);
  const file = join(root, section.page);
  if (!values.check) {
    writeFileSync(file, page);
    console.log(`${section.page}: ${missing.length} neither tested nor listed`);
    continue;
  }
  let written = '';
  try {
    written = readFileSync(file, 'utf8');
  } catch {
    // Not written yet: out of date.
  }
  if (written !== page) {
    failures++;
    console.error(`${section.page} is out of date: npm run conformance`);
  }
  if (missing.length > 0) {
    failures++;
    console.error(`${section.title}: neither tested nor listed: ${ranges(missing)}`);
  }
}
process.exitCode = failures === 0 ? 0 : 1;
