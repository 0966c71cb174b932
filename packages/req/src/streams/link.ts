/** The `Link` header (RFC 8288), as far as pages need it. */
import { parameterOf } from '../message/parameters.ts';

/** The target of the first link with a relation; undefined when there is none. */
export function linkTo(relation: string, field: string | undefined): string | undefined {
  // A link is `<target>; name=value; name="value"`; commas and semicolons may stand in both.
  for (const [, target, params = ''] of (field ?? '').matchAll(
    /<([^<>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)/g,
  )) {
    const relations = (parameterOf(params, 'rel') ?? '').toLowerCase().split(/\s+/);
    if (relations.includes(relation)) return target;
  }
  return undefined;
}
