/** What the check of the doc comments lets pass, each with its reason. */
export const exceptions = {
  /**
   * Classes whose methods need an example each. Those of handles have theirs at the function of the
   * same name, `Supervisor.startChild` for `supervisor.startChild`, which takes the process too.
   */
  entryClasses: new Set(['Finch', 'RegistryHandle', 'Req']),
  /** Names without a doc comment, such as `Agent.get`, and why that is right. */
  undocumented: new Map<string, string>([]),
  /** Functions without an example, and why that is right. */
  withoutExample: new Map<string, string>([]),
};
