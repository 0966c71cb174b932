/** Paths of Unix sockets. On Linux `\0name` is an abstract socket, which is in no file system (unix(7)). */

/** What {@link isSocketPath} accepts, in words. */
export const allowedSocketPath =
  'the path of a Unix socket, or on Linux a NUL and the name of an abstract one';

/** Whether a text is the path of a Unix socket, or names an abstract one where there are such. */
export function isSocketPath(path: string): boolean {
  const isAbstract = path.startsWith('\0');
  const name = isAbstract ? path.slice(1) : path;
  if (name === '' || name.includes('\0') || !name.isWellFormed()) return false;
  return !isAbstract || process.platform === 'linux';
}
