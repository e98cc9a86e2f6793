import * as fs from 'fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ControllerOptions } from '../controller';
import { createLogger, LOG_LEVELS, type LogLevel } from '../observability';
import type { RoleOptions } from '../role';
import type { SpeakerOptions } from '../speaker';
import { CIPHER_SUITES, CURVES, TLS_VERSIONS } from '../tls';
import { keepSmall } from './footprint';

const SERVICE_ACCOUNT_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** What the command line says of a role; the rest of its options is the same wherever it runs. */
type Flags<Options extends RoleOptions> = Omit<Options, 'log' | 'healthHost'> & { readonly logLevel: LogLevel };

/**
 * Names of interfaces on which nothing is announced unless a user says otherwise: those of containers, bridges and tunnels
 * (MetalLB's default list).
 */
const EXCLUDED_INTERFACES = '^(docker|cbr|dummy|virbr|lxcbr|veth|cali|tunl|flannel|kube-ipvs|cni|nodelocaldns|lxc).*|^lo$';

/**
 * Adds the commands `controller` and `speaker`, with MetalLB's names for the flags and environment variables they share. Only the role that runs is loaded:
 * the other's code would stay in memory for nothing.
 */
export function addRoles(program: Command): void {
  common(program.command('controller').description('give addresses to Services of type LoadBalancer'))
    .addOption(new Option('--webhook-mode <mode>', 'serve the admission webhook, do not, or do nothing else').choices(['enabled', 'disabled', 'onlywebhook']).default('enabled'))
    .addOption(new Option('--webhook-port <port>', 'port of the admission webhook').default(9443).argParser(port))
    .addOption(new Option('--cert-service-name <name>', 'Service by which the API server reaches the webhook').default('metallb-webhook-service'))
    .addOption(new Option('--webhook-secret <name>', 'Secret that keeps the webhook\'s certificates').default('metallb-webhook-cert'))
    .addOption(new Option('--disable-cert-rotation', 'take the webhook\'s certificate from --cert-dir: somebody else makes and renews it').default(false))
    .addOption(new Option('--cert-dir <folder>', 'folder with tls.crt and tls.key of the webhook').default('/tmp/k8s-webhook-server/serving-certs'))
    .action(async (flags: Flags<ControllerOptions>) => {
      const log = createLogger(flags.logLevel, { component: 'controller' });
      keepSmall(log);
      const { runController } = await import('../controller');
      await runController({ ...flags, healthHost: '0.0.0.0', log });
    });

  common(program.command('speaker').description('announce the addresses from this node'))
    .addOption(new Option('--node-name <name>', 'name of this node, as in Kubernetes').env('METALLB_NODE_NAME').makeOptionMandatory())
    .addOption(new Option('--heartbeats <on|off>', 'tell the other speakers that this one lives; off: every node counts as alive, and nothing moves when one dies')
      .choices(['on', 'off']).default('on'))
    .addOption(new Option('--heartbeat-port <port>', 'UDP port on which speakers hear each other').env('HLB_HEARTBEAT_PORT').default(7946).argParser(port))
    .addOption(new Option('--heartbeat-interval <ms>', 'time between two heartbeats, 10 to 10000 ms').default(100).argParser(whole(10, 10_000)))
    .addOption(new Option('--heartbeat-multiplier <n>', 'missed heartbeats after which a node is dead, 2 to 50').default(3).argParser(whole(2, 50)))
    .addOption(new Option('--fast-detection <switch>', 'ask a node whose heartbeat is overdue, and take its addresses at once when its kernel says that its speaker has ended, or nothing of it answers')
      .choices(['on', 'off']).default('on'))
    .addOption(new Option('--exclude-interfaces <regex>', 'interfaces on which nothing is announced').default(EXCLUDED_INTERFACES).argParser(regex))
    .addOption(new Option('--promiscuous-interfaces <regex>', 'interfaces that are asked for all frames; auto: wireless ones, whose drivers may drop broadcasts')
      .default('auto').argParser(regex))
    .addOption(new Option('--conflict-detection <switch>', 'ask for 0.3 s whether a foreign host has an address before it is first announced')
      .choices(['on', 'off']).default('on'))
    .addOption(new Option('--failback <when>', 'when an address goes back to a better node that has returned; a move breaks connections')
      .choices(['never', 'hold-down', 'immediate']).default('never'))
    .addOption(new Option('--failback-hold-down <seconds>', 'how long that node must have been there, with --failback hold-down, 1 to 86400 s')
      .default(30).argParser(whole(1, 86_400)))
    .addOption(new Option('--gratuitous-arp-interval <seconds>', 'time between two unasked-for announcements of an address, 0 (off) to 86400 s')
      .default(60).argParser(whole(0, 86_400)))
    .option('--ignore-exclude-lb', 'announce from nodes labelled node.kubernetes.io/exclude-from-external-load-balancers too', false)
    .action(async (flags: Flags<SpeakerOptions>) => {
      const log = createLogger(flags.logLevel, { component: 'speaker', node: flags.nodeName });
      keepSmall(log);
      const { runSpeaker } = await import('../speaker');
      await runSpeaker({ ...flags, healthHost: '127.0.0.1', log });
    });
}

function common(command: Command): Command {
  return command
    .addOption(new Option('--namespace <name>', 'namespace of the configuration').env('METALLB_NAMESPACE').default(ownNamespace()))
    .addOption(new Option('--pod-name <name>', 'own pod; objects that it makes go with it').env('METALLB_POD_NAME'))
    .addOption(new Option('--log-level <level>', 'how much to say').choices([...LOG_LEVELS]).default('info'))
    .addOption(new Option('--lb-class <class>', 'serve only Services with this spec.loadBalancerClass; without it only those with none'))
    .addOption(new Option('--port <port>', 'port of /metrics; 0 switches it off').default(9120).argParser(port))
    .addOption(new Option('--metrics-insecure', 'serve /metrics over HTTP and to everybody, instead of over HTTPS to those whom the API server lets').default(false))
    .addOption(new Option('--metrics-cert-dir <folder>', 'folder with tls.crt and tls.key for /metrics (default: a self-signed certificate)'))
    .addOption(new Option('--tls-min-version <version>', 'lowest version of TLS that is accepted').choices([...TLS_VERSIONS]).default('VersionTLS13'))
    .addOption(new Option('--tls-cipher-suites <names>', 'cipher suites for TLS 1.2, by their IANA names, with commas').argParser(names('a cipher suite', [...CIPHER_SUITES.keys()])))
    .addOption(new Option('--tls-curve-preferences <numbers>', 'groups for the key exchange, by their IANA numbers, with commas')
      .argParser((text) => names('a curve', [...CURVES.keys()].map(String))(text).map(Number)))
    .addOption(new Option('--health-probe-port <port>', 'port of /healthz and /readyz').default(17472).argParser(port))
    .addOption(new Option('--kubeconfig <file>', 'how to reach the API server (default: KUBECONFIG, else the service account of the pod)'));
}

function ownNamespace(): string {
  try {
    return fs.readFileSync(SERVICE_ACCOUNT_NAMESPACE, 'utf8').trim();
  } catch {
    return 'metallb-system'; // outside a cluster there is no such file
  }
}

function whole(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`allowed: a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

function port(text: string): number {
  return whole(0, 65_535)(text);
}

/** Some of a set, each once, with commas between. */
function names(what: string, allowed: readonly string[]) {
  return (text: string): string[] => {
    const list = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
    const wrong = list.find((name, index) => !allowed.includes(name) || list.indexOf(name) !== index);
    if (wrong !== undefined) {
      throw new InvalidArgumentError(allowed.includes(wrong) ? `${wrong} is named twice.` : `${wrong} is not ${what} that is known; allowed: ${allowed.join(', ')}.`);
    }
    return list;
  };
}

function regex(text: string): string {
  try {
    new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`allowed: a regular expression (${(error as Error).message}).`);
  }
  return text;
}
