/** The command line: the two roles that a cluster runs, and commands for people. */
import { Command } from 'commander';
import { addCheck } from './check';
import { addRoles } from './roles';
import { versionText } from './version';

/** Runs the command that `argv` (as in `process.argv`) asks for; on an unusable command line it says why and exits with status 1. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('hlb')
    .description('HomeLoadBalancer: addresses for Services of type LoadBalancer, announced by ARP')
    .option('--version', 'print the version, after a call through the foreign function interface')
    .on('option:version', () => {
      console.log(versionText());
      process.exit(0);
    })
    .showHelpAfterError();
  addRoles(program);
  addCheck(program);
  await program.parseAsync([...argv]);
}
