/** A program that tests start: see plugin.ts. */
declare module '*.ts?program' {
  /** The path of its bundle. */
  export const program: string;
}
