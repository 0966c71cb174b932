/** The alternative services of one pool's origin: what its connections say, and use. */
import type { Fields } from '@linnet/mint';
import type { PoolIdentity } from '../identity/index.ts';
import type { AlternativeService, AlternativeServices } from './store.ts';

/** The status of a response by a server that does not speak for the origin (RFC 9110, 15.5.20). */
const misdirectedRequest = 421;

export class Discovery {
  private readonly services: AlternativeServices;
  private readonly origin: string;
  private readonly host: string;

  constructor(services: AlternativeServices, { origin, host }: PoolIdentity) {
    this.services = services;
    this.origin = origin;
    this.host = host;
  }

  /** Where the origin can be reached by HTTP/3, if that is known, and worth a try. */
  find(): AlternativeService | undefined {
    return this.services.find(this.origin);
  }

  /**
   * Reads the head of a response, which must have come over TLS with a verified certificate of the
   * origin; `by`: the alternative that it came from. `'known'`: it names alternatives, one of which may
   * be used. `'misdirected'`: `by` must not be used any more.
   */
  read(
    status: number,
    fields: Fields,
    by: AlternativeService | undefined,
  ): 'known' | 'misdirected' | undefined {
    if (status === misdirectedRequest) {
      if (by === undefined) return undefined;
      this.services.misdirected(this.origin, by);
      return 'misdirected';
    }
    const field = valueOf(fields, 'alt-svc');
    if (field === undefined) return undefined;
    this.services.learn(this.origin, this.host, field, ageOf(fields));
    return this.find() === undefined ? undefined : 'known';
  }

  /** It could not be reached while the origin could; returns whether it was not set aside yet. */
  failed(alternative: AlternativeService): boolean {
    return this.services.failed(this.origin, alternative);
  }

  works(alternative: AlternativeService): void {
    this.services.works(this.origin, alternative);
  }

  /** HTTP/3 cannot be spoken in this program; returns whether that is news. */
  disable(): boolean {
    const { services } = this;
    const isNews = !services.disabled;
    services.disabled = true;
    return isNews;
  }
}

/** All lines of a field, joined as one. */
function valueOf(fields: Fields, name: string): string | undefined {
  const first = fields.get(name);
  if (first === undefined) return undefined;
  const { list } = fields;
  const values: string[] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    if (list[index]?.toLowerCase() === name) values.push(list[index + 1] as string);
  }
  return values.length === 1 ? first : values.join(',');
}

/** For how long a response was kept in caches, in seconds; one that says it badly is taken for new. */
function ageOf(fields: Fields): number {
  const age = fields.get('age') ?? '';
  return /^\d{1,10}$/.test(age) ? Number(age) : 0;
}
