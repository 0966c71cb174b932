/** Which of several nodes a key belongs to: all nodes that know the same others agree. */

/**
 * The node with the highest hash for a key. When a node goes, only what belonged to it moves.
 *
 * Source: Thaler and Ravishankar, rendezvous hashing.
 */
export function rendezvous(key: string, nodes: readonly string[]): string | undefined {
  let best: string | undefined;
  let highest = -1;
  for (const node of nodes) {
    const hash = hashOf(`${node}\u0000${key}`);
    if (hash > highest || (hash === highest && best !== undefined && node < best)) {
      best = node;
      highest = hash;
    }
  }
  return best;
}

/** FNV-1a, whose bits are mixed once more: the names of nodes differ in few of them. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01_00_01_93);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
