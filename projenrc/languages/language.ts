import { Shell } from './command';

/** Where a language works. */
export interface Workplace {
  /** Runs and logs commands. */
  readonly shell: Shell;
  /** The checkout. */
  readonly root: string;
  /** A folder for this run, removed at its end. */
  readonly folder: string;
  /** A folder that stays on the machine, shared by all runs. */
  readonly cache: string;
  /** Tells the user what takes long, and why. */
  readonly tell: (what: string) => void;
  /** The version of the library. */
  readonly version: string;
}

/** An app that a language runs. */
export enum App {
  /** The one of `examples/languages`. */
  EXAMPLE = 'example',
  /** The one of `docs/languages.md`. */
  DOCUMENTED = 'documented',
  /** That one with a mistake in it. */
  MISTAKEN = 'mistaken',
}

/** The texts of the two apps that are not files. */
export type Sources = Record<App.DOCUMENTED | App.MISTAKEN, string>;

/** A language that the library is packaged for. */
export interface Language {
  /** Its name in jsii, and on the command line. */
  readonly name: string;
  /** The label of its app in `docs/languages.md`; languages without one are packaged, and not run. */
  readonly fence?: string;
  /** The commands that must succeed on a machine that can do it, and the tools that they stand for. */
  readonly tools: { readonly name: string; readonly command: string; readonly args: string[] }[];
  /** Packages the library; gives the files to tell the size of. */
  package(work: Workplace): Promise<string[]>;
  /** Installs the package and builds the apps. */
  build?(work: Workplace, sources: Sources): Promise<void>;
  /** Passes values of other kinds than the properties have; gives what came of it. @throws LanguageError when one is taken, or refused without its name */
  refuse?(work: Workplace): Promise<string>;
  /** The command that runs an app. */
  command?(work: Workplace, app: App): { command: string; args: string[]; cwd: string };
}
