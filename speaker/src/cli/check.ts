import { Command, Option } from 'commander';
import type { Finding } from '../check';

interface Flags {
  readonly namespace: string;
  readonly lbClass?: string;
  readonly output: 'text' | 'json';
  readonly strict: boolean;
}

/** Adds the command `check`. */
export function addCheck(program: Command): void {
  program.command('check')
    .description('say what is wrong with manifests, before they are applied and without a cluster')
    .argument('<file...>', 'YAML or JSON files, folders of them, or - for standard input')
    .addOption(new Option('--namespace <name>', 'namespace of the load balancer').default('metallb-system'))
    .addOption(new Option('--lb-class <class>', 'check the Services with this spec.loadBalancerClass; without it those with none'))
    .addOption(new Option('--output <form>', 'how to say it').choices(['text', 'json']).default('text'))
    .addOption(new Option('--strict', 'count warnings as errors').default(false))
    .action(async (paths: string[], flags: Flags) => {
      process.exitCode = await check(paths, flags);
    });
}

/** @returns 0 when nothing is wrong, 1 when something is, 2 when a file cannot be read */
async function check(paths: readonly string[], { namespace, lbClass, output, strict }: Flags): Promise<number> {
  const { checkManifests, parseManifests, readFiles } = await import('../check');
  let files: ReturnType<typeof readFiles>;
  try {
    files = readFiles(paths);
  } catch (error) {
    console.error(`hlb check: ${(error as Error).message}`);
    return 2;
  }
  const parsed = files.map(({ file, text }) => parseManifests(file, text));
  const result = checkManifests(parsed.flatMap(({ manifests }) => manifests), { namespace, loadBalancerClass: lbClass });
  const findings: Finding[] = [
    ...parsed.flatMap(({ problems }) => problems.map(({ file, line, message }): Finding => ({ severity: 'error', file, line, text: message }))),
    ...result.findings,
  ];
  const errors = findings.filter(({ severity }) => severity === 'error').length, warnings = findings.length - errors;
  if (output === 'json') {
    console.log(JSON.stringify({ findings, objects: result.objects, files: files.length }, undefined, 2));
  } else {
    for (const { severity, file, line, text } of findings) console.log(`${file}:${line}: ${severity}: ${text}`);
    console.log(`${count(errors, 'error')} and ${count(warnings, 'warning')} in ${count(result.objects, 'object')} of ${count(files.length, 'file')}`);
  }
  return errors > 0 || (strict && warnings > 0) ? 1 : 0;
}

function count(number: number, noun: string): string {
  return `${number || 'no'} ${noun}${number === 1 ? '' : 's'}`;
}
