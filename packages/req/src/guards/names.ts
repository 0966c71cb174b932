/** The names of the processes of a tree. */

/** The Finch instance that clients of the tree use unless they name another. */
export const finchName = (tree: string): string => `${tree}.Finch`;

/** The registry of breakers and rate limits, by origin and settings. */
export const registryName = (tree: string): string => `${tree}.Registry`;

/** The supervisor of breakers and rate limits. */
export const guardsName = (tree: string): string => `${tree}.Guards`;

/** The process that starts them, each once. */
export const managerName = (tree: string): string => `${tree}.Manager`;
