/** The `Link` header (RFC 8288), as far as pages need it. */

/** The target of the first link with a relation; undefined when there is none. */
export function linkTo(relation: string, field: string | undefined): string | undefined {
  // A link is `<target>; name=value; name="value"`; commas and semicolons may stand in both.
  for (const [, target, params = ''] of (field ?? '').matchAll(
    /<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)/g,
  )) {
    const [, quoted, plain] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(params) ?? [];
    const relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
    if (relations.includes(relation)) return target;
  }
  return undefined;
}
