/** Tags: what tells pools of the same server apart. A tag is a part of a pool's key, percent-encoded. */

/** The tag of pools without one. */
export const defaultTag = 'default';

/** What {@link isTag} accepts, in words. */
export const allowedTag = 'a string that is not empty and has no lone surrogate';

/** Whether a text can be a tag. */
export function isTag(text: string): boolean {
  return text !== '' && !text.includes('\0') && text.isWellFormed();
}
