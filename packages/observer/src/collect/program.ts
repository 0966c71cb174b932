/** What the program is, which does not change while it runs. */
import type { OverviewDocument } from '../protocol/documents.ts';

export function program(): Pick<OverviewDocument, 'versions' | 'platform' | 'pid'> {
  const { node, v8, uv, openssl } = process.versions;
  return {
    versions: { node, v8, uv, openssl },
    platform: `${process.platform} ${process.arch}`,
    pid: process.pid,
  };
}
