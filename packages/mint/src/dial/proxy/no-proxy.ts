/**
 * Which servers are reached without the proxy: the list of `NO_PROXY`, as curl
 * reads it, and with ports, which curl lacks.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';

/** One entry of the list. */
interface Rule {
  /** The only port that it is about. */
  readonly port: number | undefined;
  matches(host: string): boolean;
}

/**
 * A list of servers. An entry is `*` (every server), a name (it and everything
 * below it, with or without a leading `.` or `*.`), an address or a CIDR block;
 * each but `*` with `:port` if it is about one port only, an IPv6 address then
 * in brackets. Names are never looked up: a block matches hosts that are
 * written as addresses.
 */
export class NoProxy {
  private readonly rules: readonly Rule[];

  private constructor(rules: readonly Rule[]) {
    this.rules = rules;
  }

  /**
   * Reads a list, its entries apart by commas or blanks. Entries that are
   * nothing of the kind go to `unreadable`.
   */
  static parse(text: string, unreadable: (entry: string) => void = () => {}): NoProxy {
    const rules: Rule[] = [];
    for (const entry of text.split(/[\s,]+/)) {
      if (entry === '') continue;
      const rule = ruleOf(entry);
      if (rule === undefined) unreadable(entry);
      else rules.push(rule);
    }
    return new NoProxy(rules);
  }

  /** Whether a server is in the list; the host in canonical form, IPv6 without brackets. */
  includes(host: string, port: number): boolean {
    return this.rules.some(
      (rule) => (rule.port === undefined || rule.port === port) && rule.matches(host),
    );
  }
}

function ruleOf(entry: string): Rule | undefined {
  if (entry === '*') return { port: undefined, matches: () => true };
  const { host, port } = split(entry);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const matches = isIP(host) === 0 && !host.includes('/') ? named(host) : addressed(host);
  return matches && { port, matches };
}

/** Host and port of an entry; more than one colon without brackets is an IPv6 address. */
function split(entry: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(entry) ?? [];
  return {
    host: bracketed ?? plain ?? entry,
    port: digits === undefined ? undefined : Number(digits),
  };
}

function named(text: string): Rule['matches'] | undefined {
  const bare = text.replace(/^\*?\./, '').replace(/\.$/, '');
  const name = domainToASCII(bare);
  if (name === '' || name.includes('*')) return undefined;
  const suffix = `.${name}`;
  return (host) => isIP(host) === 0 && (host === name || host.endsWith(suffix));
}

function addressed(text: string): Rule['matches'] | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = familyOf(address);
  if (family === undefined || rest.length > 0) return undefined;
  const block = new BlockList();
  if (prefix === undefined) {
    block.addAddress(address, family);
  } else {
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 'ipv4' ? 32 : 128)) {
      return undefined;
    }
    block.addSubnet(address, Number(prefix), family);
  }
  return (host) => {
    const hostFamily = familyOf(host);
    return hostFamily !== undefined && block.check(host, hostFamily);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (isIP(address) === 0) return undefined;
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
